"""Transcribed pages as one HTML file: each image beside its text, line by line."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from model.report.html import Figure, grouped, page
from model.report.page_picture import page_jpeg
from model.report.page_view import (
    PageView,
    ViewedLine,
    show_page,
    tinted,
    view_legend,
    view_style,
)
from pipelines.cli.options import UsageError
from pipelines.files.durable import write_durably
from pipelines.pages.image import open_again
from pipelines.transcripts.recipe_sql import WORST_PAGES
from pipelines.transcripts.tables import to_polyline
from schemas import VERSION
from schemas.records import Character

# The digest of its name gives each page a place that no other page changes.
_SAMPLE = (
    "SELECT page_uri FROM pages WHERE status = 'ok' ORDER BY sha256(page_uri), page_uri LIMIT ?"
)
_FIRST = "SELECT page_uri FROM pages WHERE status = 'ok' ORDER BY page_uri LIMIT ?"
_PAGE = (
    "SELECT address, width_px, height_px, lines_ok, lines_failed, confidence, cer_estimate, "
    "warnings FROM pages WHERE page_uri = ?"
)
_LINES = (
    "SELECT text, characters, baseline, polygon FROM lines WHERE page_uri = ? ORDER BY line_index"
)


@dataclass(frozen=True)
class ShownPages:
    """The outcome of writing pages as HTML.

    Attributes:
        pages: Number of pages in the file.
        problems: Page to why its image is missing or may not fit.
        without_image: Number of pages whose image is missing.
    """

    pages: int
    problems: dict[str, str]
    without_image: int

    def __str__(self) -> str:
        """Return what was written, and one line for each page with a problem."""
        lines = [f"{grouped(self.pages)} page{'s' * (self.pages != 1)}"]
        lines += [f"{uri}: {problem}" for uri, problem in self.problems.items()]
        return "\n".join(lines)


def worst_pages(connection: duckdb.DuckDBPyConnection, count: int) -> list[str]:
    """Return the pages with the most errors, as the recipe `worst_pages` orders them.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        count: How many at most.
    """
    rows = connection.execute(WORST_PAGES, {"limit": str(count), "least": "0"}).fetchall()
    return [row[0] for row in rows]


def sample_pages(connection: duckdb.DuckDBPyConnection, count: int) -> list[str]:
    """Return a random sample of the pages that were read; the same one each time.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        count: How many at most.
    """
    return [row[0] for row in connection.execute(_SAMPLE, [count]).fetchall()]


def first_pages(connection: duckdb.DuckDBPyConnection, count: int) -> list[str]:
    """Return the first pages that were read, by their names.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        count: How many at most.
    """
    return [row[0] for row in connection.execute(_FIRST, [count]).fetchall()]


def write_pages(
    connection: duckdb.DuckDBPyConnection, uris: Sequence[str], title: str, output: str
) -> ShownPages:
    """Write pages as one HTML file that needs no other file.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        uris: The pages, in the order in which they are shown.
        title: Title of the file.
        output: HTML file to write, replaced if it exists.

    Returns:
        What was written.

    Raises:
        UsageError: If there is no page.
    """
    if not uris:
        raise UsageError("--transcripts has no page that was read; see the table failures")
    views = [_view(connection, uri, f"page{i}") for i, uri in enumerate(uris, 1)]
    sections = [("legend", "How to read this", "", view_legend())]
    for uri, view in zip(uris, views):
        lead = f"{uri}: {_facts(connection, uri)}"
        sections.append((view.anchor, posixpath.basename(uri) or uri, lead, show_page(view)))
    lines = sum(len(view.lines) for view in views)
    figures = [Figure(grouped(len(views)), "pages"), Figure(grouped(lines), "lines")]
    facts = [("Made with", f"Quire {VERSION}")]
    document = page("Transcripts", title, figures, facts, sections, view_style(views))
    write_durably(output, document.encode())
    problems = {uri: view.problem for uri, view in zip(uris, views) if view.problem}
    return ShownPages(len(views), problems, sum(not view.image for view in views))


def page_view(
    uri: str, address: str, size_px: tuple[int, int], lines: Sequence[ViewedLine], anchor: str
) -> PageView:
    """Return a page with its image, or with the reason why that is missing.

    Args:
        uri: The page.
        address: Where its image is; empty if that is its URI.
        size_px: Width and height that the coordinates refer to; zeros for those of the image.
        lines: Its lines in reading order.
        anchor: Prefix of its ids, unique in the file.
    """
    try:
        grey = open_again(uri, address).grey
    except (OSError, ValueError) as error:
        return PageView(anchor, *size_px, lines, problem=f"image cannot be opened: {error}")
    height_px, width_px = grey.shape
    size_px = size_px if all(size_px) else (width_px, height_px)
    problem = ""
    if size_px != (width_px, height_px):
        problem = (
            f"image is {width_px} x {height_px} px, but was {size_px[0]} x {size_px[1]} px when it "
            "was read; transcribe again"
        )
    return PageView(anchor, *size_px, lines, page_jpeg(grey), problem)


def _view(connection: duckdb.DuckDBPyConnection, uri: str, anchor: str) -> PageView:
    address, width_px, height_px = connection.execute(_PAGE, [uri]).fetchone()[:3]
    # A line without a place is the whole image.
    whole = ((0, 0), (width_px, 0), (width_px, height_px), (0, height_px))
    lines = [
        ViewedLine(
            tinted(text, _characters(characters)),
            to_polyline(baseline),
            to_polyline(polygon) if polygon or baseline else whole,
        )
        for text, characters, baseline, polygon in connection.execute(_LINES, [uri]).fetchall()
    ]
    return page_view(uri, address, (width_px, height_px), lines, anchor)


def _characters(rows: list[dict] | None) -> list[Character]:
    return [
        Character(
            row["text"],
            row["confidence"],
            tuple((a["text"], a["confidence"]) for a in row["alternatives"] or ()),
        )
        for row in rows or ()
    ]


def _facts(connection: duckdb.DuckDBPyConnection, uri: str) -> str:
    _, _, _, ok, failed, confidence, cer, warnings = connection.execute(_PAGE, [uri]).fetchone()
    parts = [f"{grouped(ok)} line{'s' * (ok != 1)}"]
    parts += [f"{grouped(failed)} failed"] if failed else []
    parts += [f"estimated CER {100 * cer:.1f} %"] if cer is not None else []
    parts += [f"confidence {100 * confidence:.0f} %"] if confidence is not None else []
    return ", ".join([*parts, *(warnings or ())])
