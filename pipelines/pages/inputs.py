"""What the values of --input name: files, manifests, lists, and addresses of the web."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import input_patterns, input_roots, list_entries
from pipelines.formats.addresses import clean_address, is_address

_MANIFEST_EXTENSIONS = (".json", ".xml")


@dataclass(frozen=True)
class PageInputs:
    """What --input names.

    Attributes:
        patterns: For files of pages.
        manifests: Patterns for files that list pages.
        addresses: Of manifests and images on the web.
        lists: Files that list more of all of these, a line each.
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
        inputs: Files, folders (taken with all that is beneath them), globs, addresses of
            IIIF or METS manifests or of images, and '@' with a file that lists such. What is
            named as .json or .xml itself, not by its folder, is a manifest.
        flag: The flag, for errors.

    Returns:
        Patterns, each of which matches something; addresses, which are not tried; lists that
        can be read, whose entries are not: one that is wrong must not stop a million others.

    Raises:
        UsageError: If a pattern matches no file, an address is none, or a list cannot be
            read or is empty.
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
    """Tell a file that lists pages, where it is named by itself and not by its folder.

    Example:
        >>> lists_pages("d/*.json"), lists_pages("d/METS.XML"), lists_pages("d/**")
        (True, True, False)
    """
    return named.lower().endswith(_MANIFEST_EXTENSIONS)


def _check_list(uri: str, flag: str) -> None:
    try:
        # To the end, for what is not UTF-8 may stand anywhere.
        count = sum(1 for _ in list_entries(uri))
    except (OSError, ValueError) as error:
        raise UsageError(f"@{uri}: list cannot be read ({error}); check {flag}") from None
    if not count:
        raise UsageError(f"@{uri}: list is empty; check {flag}")
