"""Overview of the input, without reading any image."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field

from model.dataset.splits import page_key
from pipelines.formats.names import (
    loose_name,
    numbered_names,
    split_extension,
    split_page_uri,
)
from schemas.records import Page, Skipped

# Formats whose rows are line images with a text each.
_TABLE_SOURCES = ("hugging_face", "kraken_arrow", "labels")


@dataclass(frozen=True)
class Surveyed:
    """The facts about a page that the survey keeps.

    Attributes:
        uri: Its image.
        described_by: The file that describes it.
        source: Name of the format.
        split: Official split; empty where none.
        line_count: Lines on it.
        split_by: What names the official split; empty where none.
        name: Result of `page_key`.
        document: Document of the page; may be empty.
        writer: Writer of the page; may be empty.
        row_key: Names the image of a row of a table; empty for other descriptions.
        text_digest: Digest of the text of such a row.
    """

    uri: str
    described_by: str
    source: str
    split: str
    line_count: int
    split_by: str = field(default="", compare=False)
    name: str = field(default="", compare=False)
    document: str = field(default="", compare=False)
    writer: str = field(default="", compare=False)
    row_key: str = field(default="", compare=False)
    text_digest: bytes = field(default=b"", compare=False)


def survey_page(page: Page, described_by: str) -> Surveyed:
    """Reduce a page to the facts that the survey keeps."""
    return Surveyed(
        page.uri,
        described_by,
        page.source,
        page.split,
        len(page.lines),
        page.split_by,
        page_key(page),
        page.document,
        page.writer,
        key := row_key(page, described_by),
        _digest(page.lines[0].text or "") if key else b"",
    )


def row_key(page: Page, described_by: str) -> str:
    """Return a name of the image of a row of a table, the same for all rows with this image.

    Args:
        page: A page.
        described_by: The file that describes it.

    Returns:
        The name; empty for a page that no table of whole line images describes.
    """
    if page.source not in _TABLE_SOURCES:
        return ""
    if page.image:
        return f"sha256:{hashlib.sha256(page.image).hexdigest()}"
    return f"{described_by} {page.uri}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]


def repeated_texts(row_key: str, digests: Iterable[bytes]) -> list[tuple[str, int]]:
    """Count the texts of an image that several rows have.

    Args:
        row_key: Result of `row_key`.
        digests: Digest of the text of each row with it.

    Returns:
        The key with the number of different texts; nothing for an image that only one row has.

    Example:
        >>> repeated_texts("l.csv a.png", [b"1", b"2", b"1"]), repeated_texts("l.csv b.png", [b"1"])
        ([('l.csv a.png', 2)], [])
    """
    digests = list(digests)
    return [(row_key, len(set(digests)))] if len(digests) > 1 else []


def second_descriptions(pages: Iterable[Surveyed]) -> list[tuple[str, str]]:
    """Find the surplus descriptions of an image.

    A description with lines is kept before one without; of such, one with the name of the image,
    as `x.xml` before `x.other.xml`; of such, the one in the folder of the image; else the one with
    the most lines; of equals, the first by file name.

    Args:
        pages: All surveyed descriptions of one image.

    Returns:
        (image, describing file) of every other description.

    Example:
        >>> second_descriptions(
        ...     [Surveyed("a.png", name, "alto", "", 3) for name in ("b.xml", "a.xml")]
        ... )
        [('a.png', 'b.xml')]
    """
    order = sorted(
        pages, key=lambda page: description_rank(page.uri, page.described_by, page.line_count)
    )
    # One file may name an image several times, like a table of the words of a line.
    others = dict.fromkeys(page.described_by for page in order)
    return [(order[0].uri, name) for name in list(others)[1:]]


def left_out(
    page: Surveyed, surplus: Set[tuple[str, str]], without_lines: Callable[[str], Skipped]
) -> list[Surveyed | Skipped]:
    """Return a surveyed page, or what is skipped: a surplus description, or a page without lines.

    Args:
        page: The page.
        surplus: The pairs from `second_descriptions`.
        without_lines: Makes the record of a page without lines of its URI.
    """
    if (page.uri, page.described_by) in surplus:
        return [second_description(page.uri, page.described_by)]
    return [page if page.line_count else without_lines(page.uri)]


def second_description(image_uri: str, described_by: str) -> Skipped:
    """Make the record of a surplus description."""
    return Skipped(described_by, f"{image_uri} is described by another file")


def description_rank(
    image_uri: str, described_by: str, line_count: int
) -> tuple[bool, bool, bool, int, str]:
    """Return what sorts the descriptions of an image, the one that is read first.

    Args:
        image_uri: The image; for one page of several, with its number.
        described_by: The file that describes it.
        line_count: Lines that it describes.

    Example:
        >>> descriptions = [("page/x.xml", 3), ("alto/x.xml", 3), ("y.xml", 9)]
        >>> min(descriptions, key=lambda one: description_rank("x.png", *one))
        ('alto/x.xml', 3)
    """
    is_beside = posixpath.dirname(described_by) == posixpath.dirname(split_page_uri(image_uri)[0])
    has_name = _has_its_name(image_uri, described_by)
    return not line_count, not has_name, not is_beside, -line_count, described_by


def _has_its_name(image_uri: str, described_by: str) -> bool:
    file_uri, number = split_page_uri(image_uri)
    stems = [loose_name(file_uri)]
    if number:
        stems += [
            loose_name(name)
            for file in (split_extension(file_uri)[0], file_uri)
            for name in numbered_names(file, number)
        ]
    # 'x.jpg.xml' is of the name, too.
    return loose_name(described_by) in (*stems, posixpath.basename(file_uri).casefold())


def describe_survey(counts: dict[str, int]) -> str:
    """Format the survey as text.

    Args:
        counts: Counts of `pages FORMAT`, `lines FORMAT`, `failed` and `skipped`.

    Returns:
        A line for each format, then the failed and skipped counts.

    Example:
        >>> print(describe_survey({"pages alto": 2, "lines alto": 61, "skipped": 1}))
        alto: 2 pages, 61 lines
        cannot be read: 0
        left out: 1
    """
    formats = sorted(name.removeprefix("pages ") for name in counts if name.startswith("pages "))
    rows = [
        f"{name}: {counts[f'pages {name}']} pages, {counts[f'lines {name}']} lines"
        for name in formats
    ]
    rest = [f"cannot be read: {counts.get('failed', 0)}", f"left out: {counts.get('skipped', 0)}"]
    return "\n".join(rows + rest)
