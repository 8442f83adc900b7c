"""Find the transcribed page that each file of the truth belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from urllib.parse import unquote

from pipelines.cli.options import UsageError
from pipelines.descriptions.detect import NotAPage, UnknownMarkup, read_markup
from pipelines.descriptions.pairing import markup_candidates, pairing_key
from pipelines.files.filesystem import input_patterns, read_bytes
from pipelines.files.match import listed_paths
from pipelines.formats.names import (
    MARKUP_EXTENSION,
    file_of,
    loose_name,
    number_of_page,
    split_extension,
    split_page_uri,
)
from pipelines.formats.system_files import is_stray
from schemas.records import Page

# The folders and the name of a file, without extension, in NFC.
Parts = tuple[str, ...]


def pair_truth(page_uris: Sequence[str], truth: Iterable[str]) -> dict[str, str]:
    """Find the transcribed page of each file of the truth.

    A file has a name that transcribe looks for beside the page, or else it names the page's image.
    Of several such pages the one with the most folders in common is taken, compared from the file
    upwards. Files that describe no page are left out.

    Args:
        page_uris: The transcribed pages.
        truth: PAGE or ALTO files, folders and globs.

    Returns:
        Page to the file with its truth.

    Raises:
        UsageError: If a file has no page, or may belong to several, or shares one.
    """
    places, names = _places(page_uris), _names(page_uris)
    truth_of_page: dict[str, str] = {}
    for path in _truth_files(truth):
        candidates = places.get(_parts(path)[-1], [])
        uris = _nearest(path, candidates)
        if len(uris) != 1:
            # Names of files do not tell; what the file names as its image may.
            try:
                named = _image_name(path)
            except NotAPage:
                continue
            uris = _named(path, named, uris, names) or uris
        if not uris:
            raise UsageError(
                f"--truth: {path} has no page of its name in --transcripts, nor is the image that "
                "it names; transcribe that page too, or leave the file out"
            )
        if len(uris) > 1:
            raise UsageError(
                f"--truth: {path} may belong to {uris[0]} or {uris[1]}; keep it in a folder "
                "named like the page's"
            )
        (uri,) = uris
        if uri in truth_of_page:
            raise UsageError(
                f"--truth: {path} has the name of {truth_of_page[uri]}; give one of them"
            )
        truth_of_page[uri] = path
    return truth_of_page


def read_truth(path: str) -> Page:
    """Read the page of a file of the truth.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return read_markup(read_bytes(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"--truth {path}: {error}") from None


def _truth_files(truth: Iterable[str]) -> list[str]:
    found = listed_paths(input_patterns(truth, "--truth"), "--truth")
    files = [
        path for path in found if path.lower().endswith(MARKUP_EXTENSION) and not is_stray(path)
    ]
    if not files:
        raise UsageError(f"--truth: no {MARKUP_EXTENSION} file in it; give PAGE or ALTO files")
    return files


def _image_name(path: str) -> str:
    """Return the image that a file names; empty where it names none or cannot be read.

    Raises:
        NotAPage: If it describes no page.
    """
    try:
        return read_markup(read_bytes(path)).uri
    except UnknownMarkup as error:
        raise NotAPage(str(error)) from None
    except NotAPage:
        raise
    except (OSError, ValueError):
        return ""


def _names(page_uris: Sequence[str]) -> dict[str, list[str]]:
    """Return the pages by the names of their files, without folder and extension."""
    names: dict[str, list[str]] = {}
    for uri in page_uris:
        names.setdefault(loose_name(file_of(uri)), []).append(uri)
    return names


def _named(
    path: str, image_name: str, candidates: Sequence[str], names: dict[str, list[str]]
) -> list[str]:
    """Choose the pages that a file of the truth names; among candidates, if there are any."""
    file_name, number = split_page_uri(image_name)
    alike = names.get(loose_name(unquote(file_name)), []) if file_name else []
    alike = names.get(loose_name(file_name), alike) if file_name else []
    number = number or number_of_page(split_extension(path)[0])
    found = [
        uri
        for uri in alike
        if (not candidates or uri in candidates) and split_page_uri(uri)[1] in (None, number)
    ]
    parts = _parts(path)[:-1]
    return _most(found, lambda uri: _shared_parts(parts, _parts(uri)[:-1]))


def _places(page_uris: Sequence[str]) -> dict[str, list[tuple[Parts, str]]]:
    """Return by name where the description of a page may be: (parts of its path, page)."""
    places: dict[str, list[tuple[Parts, str]]] = {}
    for uri in page_uris:
        for parts in dict.fromkeys(map(_parts, markup_candidates(uri))):
            places.setdefault(parts[-1], []).append((parts, uri))
    return places


def _nearest(path: str, candidates: list[tuple[Parts, str]]) -> list[str]:
    """Return the pages whose candidates share the most folders with a file."""
    shared = {uri: 0 for _, uri in candidates}
    for parts, uri in candidates:
        shared[uri] = max(shared[uri], _shared_parts(_parts(path), parts))
    return _most(list(shared), shared.__getitem__)


def _most(uris: list[str], score: Callable[[str], int]) -> list[str]:
    most = max(map(score, uris), default=0)
    return [uri for uri in uris if score(uri) == most]


def _shared_parts(parts: Parts, others: Parts) -> int:
    pairs = zip(reversed(parts), reversed(others))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _parts(uri: str) -> Parts:
    return tuple(pairing_key(uri.replace("\\", "/")).split("/"))
