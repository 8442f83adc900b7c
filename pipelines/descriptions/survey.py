"""Overview of the input, without reading any image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Set
from dataclasses import dataclass

from pipelines.formats.names import (
    loose_name,
    numbered_names,
    split_extension,
    split_page_uri,
)
from schemas.records import Page, Skipped


@dataclass(frozen=True)
class Surveyed:
    """The facts about a page that the survey keeps.

    Attributes:
        uri: Its image.
        described_by: The file that describes it.
        source: Name of the format.
        split: Official split; empty where none.
        line_count: Lines on it.
    """

    uri: str
    described_by: str
    source: str
    split: str
    line_count: int


def survey_page(page: Page, described_by: str) -> Surveyed:
    """Reduce a page to the facts that the survey keeps."""
    return Surveyed(page.uri, described_by, page.source, page.split, len(page.lines))


def second_descriptions(pages: Iterable[Surveyed]) -> list[tuple[str, str]]:
    """Find the surplus descriptions of an image.

    A description with the name of the image is kept before one of another name, as `x.xml` before
    `x.other.xml`; of such, the one with the most lines; of equals, the first by file name.

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
        pages, key=lambda page: (not _has_its_name(page), -page.line_count, page.described_by)
    )
    # One file may name an image several times, like a table of the words of a line.
    others = dict.fromkeys(page.described_by for page in order)
    return [(order[0].uri, name) for name in list(others)[1:]]


def left_out_second(page: Surveyed, surplus: Set[tuple[str, str]]) -> list[Surveyed | Skipped]:
    """Return a surveyed page, or its surplus description as a skipped file.

    Args:
        page: The page.
        surplus: The pairs from `second_descriptions`.
    """
    is_surplus = (page.uri, page.described_by) in surplus
    return [second_description(page.uri, page.described_by) if is_surplus else page]


def second_description(image_uri: str, described_by: str) -> Skipped:
    """Make the record of a surplus description."""
    return Skipped(described_by, f"{image_uri} is described by another file")


def _has_its_name(page: Surveyed) -> bool:
    file_uri, number = split_page_uri(page.uri)
    stems = [loose_name(file_uri)]
    if number:
        stems += [loose_name(name) for name in numbered_names(split_extension(file_uri)[0], number)]
    # 'x.jpg.xml' is of the name, too.
    return loose_name(page.described_by) in (*stems, posixpath.basename(file_uri).casefold())


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
