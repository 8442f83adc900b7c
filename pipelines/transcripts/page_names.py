"""A page by its name as a user types it: the end of its path, without what all names share."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

import duckdb

from pipelines.cli.options import UsageError
from pipelines.formats.names import IMAGE_EXTENSIONS, MARKUP_EXTENSION, split_page_uri

_SHOWN = 10
_ENDINGS = (*IMAGE_EXTENSIONS, MARKUP_EXTENSION)
# Each rule is tried where the ones before find nothing.
_RULES: tuple[Callable[[str, str], bool], ...] = (
    lambda uri, name: uri == name,
    lambda uri, name: uri.endswith(f"/{name}"),
    lambda uri, name: f"/{_without_ending(uri)}".endswith(f"/{_without_ending(name)}"),
    lambda uri, name: f"/{_without_ending(uri)}".lower().endswith(
        f"/{_without_ending(name)}".lower()
    ),
    lambda uri, name: uri.lower().endswith(name.lower()),
    lambda uri, name: name.lower() in uri.lower(),
)


def find_page(uris: Sequence[str], name: str, flag: str) -> str:
    """Return the one page that a name means.

    Args:
        uris: The pages.
        name: URI of a page, its last parts, or some of its name; endings may be left out.
        flag: What gave the name, for errors.

    Returns:
        The URI of the page.

    Raises:
        UsageError: If no page is meant, or several are; the message names them.

    Example:
        >>> find_page(["d/p_0005.jpg", "d/p_0050.jpg"], "p_0005", "--page")
        'd/p_0005.jpg'
    """
    for is_meant in _RULES:
        found = [uri for uri in uris if is_meant(uri, name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{flag} {name}: {len(found)} pages have such a name: {_listed(found)}; give more "
                "of its path"
            )
    near = get_close_matches(_stem(name), [*map(_stem, uris)], n=3, cutoff=0.6)
    close = [uri for uri in uris if _stem(uri) in near][:3]
    cure = f"did you mean {' or '.join(close)}?" if close else "see the table pages"
    raise UsageError(f"{flag} {name}: no page that was read has such a name; {cure}")


def find_pages(uris: Sequence[str], name: str, flag: str) -> list[str]:
    """Return the pages whose URIs end in a name; or else the one page that it means.

    Args:
        uris: The pages.
        name: End of the URI of one page or several, or as for `find_page`.
        flag: What gave the name, for errors.

    Raises:
        UsageError: If no page is meant.

    Example:
        >>> find_pages(["a/1.jpg", "b/1.jpg"], "1.jpg", "--page")
        ['a/1.jpg', 'b/1.jpg']
    """
    return [uri for uri in uris if uri.endswith(name)] or [find_page(uris, name, flag)]


def page_of(connection: duckdb.DuckDBPyConnection, name: str, flag: str) -> str:
    """Return the URI of the page in the view `pages` that a name means; as `find_page`."""
    rows = connection.execute(
        "SELECT page_uri FROM pages WHERE status = 'ok' ORDER BY page_uri"
    ).fetchall()
    return find_page([uri for (uri,) in rows], name, flag)


def _without_ending(uri: str) -> str:
    """Return a URI without the extension of its file; the page of a file of several stays."""
    path, number = split_page_uri(uri)
    stem, ending = posixpath.splitext(path)
    if ending.lower() not in _ENDINGS:
        stem = path
    return stem if number is None else f"{stem}#page={number}"


def _stem(uri: str) -> str:
    return posixpath.basename(_without_ending(uri)).lower()


def _listed(uris: Iterable[str]) -> str:
    uris = list(uris)
    more = f" and {len(uris) - _SHOWN} more" if len(uris) > _SHOWN else ""
    return ", ".join(uris[:_SHOWN]) + more
