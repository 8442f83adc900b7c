"""Sort the values of --input into files, manifests, lists, and addresses on the web."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import input_patterns, input_roots, list_entries
from pipelines.formats.addresses import clean_address, is_address

_MANIFEST_EXTENSIONS = (".json", ".xml")


@dataclass(frozen=True)
class PageInputs:
    """The values of --input by kind.

    Attributes:
        patterns: Patterns of page images.
        manifests: Patterns of files that list pages.
        addresses: Addresses of manifests and images on the web.
        lists: Files with entries of any of these kinds, one per line.
        roots: Folders that the files lie in, without those of lists.
    """

    patterns: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()


def page_inputs(inputs: Iterable[str], flag: str = "--input") -> PageInputs:
    """Sort the values of a flag that names pages.

    Args:
        inputs: Files, folders (searched recursively), globs, addresses of IIIF or METS manifests
            or of images, and '@' followed by a file that lists such. A file that is itself named
            as .json or .xml, not found in a folder, is a manifest.
        flag: Name of the flag, for errors.

    Returns:
        Patterns, each of which matches a file; addresses, which are not fetched; lists that can
        be read, whose entries are not checked: one wrong entry must not stop a million others.

    Raises:
        UsageError: If a pattern matches no file, an address is invalid, or a list cannot be read
            or is empty.
    """
    named = list(inputs)
    lists = tuple(one[1:] for one in named if one.startswith("@"))
    for one in lists:
        _check_list(one, flag)
    try:
        addresses = tuple(clean_address(one) for one in named if is_address(one))
    except ValueError as error:
        raise UsageError(f"{error}; check {flag}") from None
    rest = [one for one in named if not one.startswith("@") and not is_address(one)]
    patterns = input_patterns(rest, flag)
    files = tuple(one for one in patterns if not lists_pages(one))
    manifests = tuple(filter(lists_pages, patterns))
    return PageInputs(files, manifests, addresses, lists, input_roots(rest, flag))


def lists_pages(named: str) -> bool:
    """Whether a value names a file that lists pages, itself and not by its folder.

    Example:
        >>> lists_pages("d/*.json"), lists_pages("d/METS.XML"), lists_pages("d/**")
        (True, True, False)
    """
    return named.lower().endswith(_MANIFEST_EXTENSIONS)


def _check_list(uri: str, flag: str) -> None:
    try:
        # Read to the end: invalid UTF-8 may be anywhere.
        count = sum(1 for _ in list_entries(uri))
    except (OSError, ValueError) as error:
        raise UsageError(f"@{uri}: list cannot be read ({error}); check {flag}") from None
    if not count:
        raise UsageError(f"@{uri}: list is empty; check {flag}")
