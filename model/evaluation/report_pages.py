"""The pages of an evaluation in its report: a table of all, and the worst with their images."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.evaluation.confusions import marked
from model.evaluation.error_summary import PageRate
from model.evaluation.error_tally import EvaluatedLine
from model.evaluation.report_parts import marked_runs, percent
from model.report.html import escape, grouped, isolated, table
from model.report.page_view import PageView, ViewedLine, show_page, view_style
from model.text.charset import normalise_text
from schemas.records import Polyline

_PAGES_SHOWN = 200
_LEAD = (
    "Point at a line in the picture or in the text to see where it is in the other; click to go "
    "there. The upper text is what was read, the lower one the truth; errors are marked."
)


@dataclass(frozen=True)
class EvaluatedPage:
    """A page that a report shows with its image.

    Attributes:
        page_uri: URI of the page image.
        view: The page, with lines made by `evaluated_line`.
    """

    page_uri: str
    view: PageView


def evaluated_line(line: EvaluatedLine, baseline: Polyline, polygon: Polyline) -> ViewedLine:
    """Return a line for the view of a page: what was read, and below it the truth if it differs.

    Args:
        line: The line.
        baseline: In pixels of the page; may be empty.
        polygon: In pixels of the page; may be empty.
    """
    truth, read = normalise_text(line.truth or ""), normalise_text(line.read or "")
    true_runs, read_runs = map(marked_runs, marked(truth, read))
    if line.read is None:
        read_runs = '<span class="soft">not transcribed</span>'
    if line.truth is None:
        true_runs = '<span class="soft">no line</span>'
    elif truth == read:
        true_runs = ""
    return ViewedLine(read_runs, baseline, polygon, true_runs)


def page_table(pages: Sequence[PageRate], views: Sequence[EvaluatedPage]) -> tuple[str, str]:
    """Return the table of all pages: an explanation, and HTML.

    Args:
        pages: All pages, worst first.
        views: Pages that the report shows as a whole; their names are links.
    """
    anchors = {view.page_uri: view.view.anchor for view in views}
    lead = "CER of the unchanged texts, highest first."
    if len(pages) > _PAGES_SHOWN:
        lead += f" The {_PAGES_SHOWN} worst of {grouped(len(pages))} pages."
    rows = [
        (
            percent(page.characters.rate),
            page.lines,
            page.characters.length,
            _name(page.page_uri, anchors.get(page.page_uri)),
        )
        for page in pages[:_PAGES_SHOWN]
    ]
    return lead, table(("CER", "lines", "characters", "page"), rows)


def page_sections(
    pages: Sequence[PageRate], views: Sequence[EvaluatedPage]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield a section for each page that is shown as a whole, for `model.report.html.page`.

    Args:
        pages: All pages, worst first.
        views: The pages to show, in this order.
    """
    rates = {page.page_uri: page.characters for page in pages}
    for shown in views:
        name = posixpath.basename(shown.page_uri) or shown.page_uri
        lead = f"{shown.page_uri}: CER {percent(rates[shown.page_uri].rate)}. {_LEAD}"
        yield shown.view.anchor, name, lead, show_page(shown.view)


def views_style(views: Sequence[EvaluatedPage]) -> str:
    """Return the style sheet for the pages; empty if there are none."""
    return view_style([shown.view for shown in views]) if views else ""


def _name(uri: str, anchor: str | None) -> str:
    return f'<a href="#{escape(anchor)}">{isolated(uri)}</a>' if anchor else isolated(uri)
