"""The columns of a table of lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.page_text import PageText
from pipelines.formats.plain_text import on_one_line

Cell = str | float | int | None

COLUMNS = (
    "image",
    "document",
    "page",
    "label",
    "line",
    "text",
    "confidence",
    "region",
    "region_type",
    "line_type",
    "row",
    "column",
    "uri",
)
_DECIMALS = 3


def rows_of(page: PageText) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each line of a page.

    Args:
        page: A normalised page.

    Yields:
        A value for each of `COLUMNS`; numbers of lines, rows and columns count from 1.
    """
    for line in page.lines:
        place = line.line
        yield (
            page.image_name,
            page.document,
            page.number,
            page.label,
            place.index + 1,
            on_one_line(line.text),
            round(line.confidence, _DECIMALS),
            place.region_id,
            ", ".join(place.region_kinds),
            ", ".join(place.kinds),
            None if place.row is None else place.row + 1,
            None if place.column is None else place.column + 1,
            page.uri,
        )
