"""The worst pages of an evaluation, with their images, for its report."""

from __future__ import annotations

from collections.abc import Sequence

from model.evaluation.error_summary import ErrorSummary, PageRate
from model.evaluation.report_pages import EvaluatedPage, evaluated_line
from model.text.rules import TextRules
from pipelines.cli.options import UsageError
from pipelines.evaluation.match import ReadPage, extra_lines, match_page, true_lines
from pipelines.transcripts.page_views import page_view
from schemas.records import Line, Page

_PAGES_SHOWN = 10


def worst_pages(summary: ErrorSummary) -> list[PageRate]:
    """Return the pages that the report shows: the worst of those with errors."""
    return [page for page in summary.pages if page.characters.edits][:_PAGES_SHOWN]


def evaluated_page(
    read: ReadPage, truth: Page, rules: TextRules, is_complete: bool, anchor: str
) -> EvaluatedPage:
    """Return a page with its image, and with what was read and the truth of each line.

    Args:
        read: The page as it was read, with the places of its lines.
        truth: The page with the true texts.
        rules: Rules that are applied to the true texts.
        is_complete: Whether the truth has all lines of the page.
        anchor: Prefix of its ids, unique in the report.
    """
    places = {line.line_id: line for line in _true_lines(truth, read)}
    places |= {line.line_id: line for line in extra_lines(read)}
    if not read.by_place:
        places |= {line.line_id: line for line in read.lines}
    lines = []
    for line in match_page(truth, read, rules, is_complete).lines:
        place = places.get(line.line_id, Line(line.line_id, 0))
        lines.append(evaluated_line(line, place.baseline, place.polygon))
    size_px = read.width_px, read.height_px
    return EvaluatedPage(read.uri, page_view(read.uri, read.address, size_px, lines, anchor))


def _true_lines(truth: Page, read: ReadPage) -> Sequence[Line]:
    """Return the lines of the truth in pixels of the image; none if it has another shape."""
    try:
        return true_lines(truth, read)
    except UsageError:
        return ()
