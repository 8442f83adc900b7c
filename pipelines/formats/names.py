"""File extensions, and names of the pages of files that may hold several (PDF and TIFF)."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Sequence

from schemas.records import Failure, Page

IMAGE_EXTENSIONS = (
    ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".jp2", ".pdf",
    ".jpe", ".jfif", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".gif", ".heic", ".heif", ".avif",
)  # fmt: skip
MARKUP_EXTENSION = ".xml"
# Files with these names may as well be other HTML.
HOCR_EXTENSIONS = (".hocr", ".xhtml", ".html", ".htm")
# Folders beside the images in which tools keep their XML.
MARKUP_FOLDERS = ("page", "alto")
TEXT_EXTENSIONS = (".gt.txt", ".txt")

# Versions of an image that OCRopus and its successors write: normalised, black and white, ...
DERIVED_ENDINGS = (".nrm", ".bin", ".raw", ".dew", ".desp")

PAGED_EXTENSIONS = (".pdf", ".tif", ".tiff")
# The fragment of a PDF page in RFC 8118, used for TIFF too.
_FRAGMENT = re.compile(r"(.*)#page=([1-9][0-9]{0,8})", re.DOTALL)
_NUMBERED = re.compile(r"(.+)[_.-]([0-9]{1,8})", re.DOTALL)
_SEPARATORS = ("_", "-", ".")
# A page of a file of several, as export and lines name it.
_OF_A_FILE = re.compile(r"page[_.-]?([0-9]{1,8})", re.IGNORECASE)
# Numbers in file names are padded with zeros to these numbers of digits.
_WIDTHS = range(1, 7)


def is_paged(uri: str) -> bool:
    """Return whether a file may hold several pages, by its extension."""
    return uri.lower().endswith(PAGED_EXTENSIONS)


def page_uri(file_uri: str, number: int) -> str:
    """Return the URI of one page of a file.

    Args:
        file_uri: The file.
        number: The page, from 1.

    Example:
        >>> page_uri("d/scan.pdf", 3)
        'd/scan.pdf#page=3'
    """
    return f"{file_uri}#page={number}"


def split_page_uri(uri: str) -> tuple[str, int | None]:
    """Split a URI into file and page number; None for the number where there is none.

    Example:
        >>> split_page_uri("d/scan.pdf#page=3"), split_page_uri("d/scan.pdf")
        (('d/scan.pdf', 3), ('d/scan.pdf', None))
    """
    match = _FRAGMENT.fullmatch(uri)
    return (match[1], int(match[2])) if match else (uri, None)


def file_of(uri: str) -> str:
    """Return the file that a page is in."""
    return split_page_uri(uri)[0]


def numbered_stems(stem: str) -> list[tuple[str, int]]:
    """Read a file name as that of a page: a name plus a number, or a number in a folder.

    The folder has the name of the file of several pages, with or without its extension; the
    number in it may follow 'page_'.

    Args:
        stem: The path without extension.

    Returns:
        (path of the file of several pages, without extension; page number) for each way to
        read it.

    Example:
        >>> numbered_stems("d/scan_0003"), numbered_stems("d/scan/0003")
        ([('d/scan', 3)], [('d/scan', 3)])
        >>> numbered_stems("d/scan.pdf/page_0003")
        [('d/scan.pdf/page', 3), ('d/scan', 3)]
        >>> numbered_stems("d/scan.pdf_0003")
        [('d/scan.pdf', 3), ('d/scan', 3)]
    """
    folder, name = posixpath.split(stem)
    match = _NUMBERED.fullmatch(name)
    found = [(posixpath.join(folder, match[1]), int(match[2]))] if match else []
    # As export names them: scan.pdf_0003.
    if match and (stem_of_file := _without_paged_extension(match[1])) != match[1]:
        found.append((posixpath.join(folder, stem_of_file), int(match[2])))
    number = int(name) if re.fullmatch("[0-9]{1,8}", name) else number_of_page(name)
    if folder and number:
        found.append((_without_paged_extension(folder), number))
    return [(path, number) for path, number in found if number]


def number_of_page(stem: str) -> int | None:
    """Return the number of a file that is named for a page alone; None for any other.

    Example:
        >>> number_of_page("d/page_0003"), number_of_page("d/scan_0003")
        (3, None)
    """
    match = _OF_A_FILE.fullmatch(posixpath.basename(stem))
    return int(match[1]) or None if match else None


def page_name(number: int) -> str:
    """Name one page of a file of several, in a folder with the name of that file.

    Example:
        >>> page_name(3)
        'page_0003'
    """
    return f"page_{number:04d}"


def page_stem(path: str, number: int | None) -> str:
    """Name one page of a file of several by the file and its number.

    Args:
        path: The file, with or without its extension.
        number: The page, from 1; None for a file of one page.

    Example:
        >>> page_stem("d/scan.pdf", 3), page_stem("d/x.jpg", None)
        ('d/scan.pdf_0003', 'd/x.jpg')
    """
    return path if number is None else f"{path}_{number:04d}"


def _without_paged_extension(path: str) -> str:
    extension = next((one for one in PAGED_EXTENSIONS if path.lower().endswith(one)), "")
    return path[: len(path) - len(extension)]


def numbered_names(stem: str, number: int) -> list[str]:
    """List the possible names of a file for one page; the inverse of `numbered_stems`.

    Args:
        stem: Path of the file of several pages, without extension.
        number: The page, from 1.

    Returns:
        Paths without extension, the number padded with up to five zeros; at last those in a
        folder that is named like the file without extension, as export names pages.

    Example:
        >>> numbered_names("d/scan", 3)[:5]
        ['d/scan_3', 'd/scan-3', 'd/scan.3', 'd/scan/3', 'd/scan_03']
    """
    digits = dict.fromkeys(f"{number:0{width}}" for width in _WIDTHS)
    return [
        name
        for text in digits
        for name in (*(stem + mark + text for mark in _SEPARATORS), posixpath.join(stem, text))
    ] + [posixpath.join(stem, page_name(number))]


def only_page(pages: Sequence[Page | Failure]) -> Page:
    """Return the page of a description that must have exactly one.

    Raises:
        ValueError: If it has several, or its page cannot be read.
    """
    if len(pages) > 1 or not isinstance(pages[0], Page):
        raise ValueError(f"file describes {len(pages)} pages; give each page a file of its own")
    return pages[0]


def split_derived(stem: str) -> tuple[str, str]:
    """Split the mark of a version off a path without extension; empty where it has none.

    Example:
        >>> split_derived("d/0001.bin"), split_derived("d/0001")
        (('d/0001', '.bin'), ('d/0001', ''))
    """
    for ending in DERIVED_ENDINGS:
        if stem.lower().endswith(ending) and len(posixpath.basename(stem)) > len(ending):
            return stem[: -len(ending)], stem[-len(ending) :]
    return stem, ""


def loose_name(path: str) -> str:
    r"""Return the file name without its known extension, in one Unicode form and in lower case.

    Example:
        >>> loose_name("d/E\u0301tat.JPG") == loose_name("C:\\x\\\xe9tat.tif")
        True
    """
    name = posixpath.basename(path.replace("\\", "/"))
    return unicodedata.normalize("NFC", split_extension(name)[0]).casefold()


def split_extension(uri: str) -> tuple[str, str]:
    """Split a path into stem and known extension, in lower case; empty for an unknown one.

    Example:
        >>> split_extension("a/b.gt.txt"), split_extension("a/b.JPG"), split_extension("a/b.md")
        (('a/b', '.gt.txt'), ('a/b', '.jpg'), ('a/b.md', ''))
    """
    for extension in (
        *TEXT_EXTENSIONS,
        MARKUP_EXTENSION,
        *HOCR_EXTENSIONS,
        *IMAGE_EXTENSIONS,
    ):
        if uri.lower().endswith(extension):
            return uri[: -len(extension)], extension
    return uri, ""
