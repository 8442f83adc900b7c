"""Evaluate transcripts against PAGE or ALTO ground truth, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import duckdb

from model.evaluation.error_summary import ErrorSummary, summarise
from model.evaluation.error_tally import ErrorTally
from model.evaluation.line_matching import total_score
from model.evaluation.line_scores import LineScore
from model.evaluation.report_pages import EvaluatedPage
from model.report.contact_sheet import thumbnail
from model.text.rules import TextRules
from pipelines.cli.options import UsageError
from pipelines.evaluation.match import ReadPage, extra_lines, match_page
from pipelines.evaluation.page_views import evaluated_page, worst_pages
from pipelines.evaluation.pairs import pair_truth, read_truth
from pipelines.evaluation.results import EvaluationResults, name_of, with_pictures
from pipelines.pages.cut import cut_page
from pipelines.pages.image import open_image
from pipelines.pages.names import location
from pipelines.transcripts.pages import read_root
from pipelines.transcripts.tables import iterate_rows, open_tables, to_polyline
from pipelines.transcripts.views import READS
from schemas.features import FOUND_SOURCE
from schemas.records import Line, LineImage, Page, PageSource

_PICTURE_HEIGHT_PX = 64


@dataclass(frozen=True)
class TruthFiles:
    """Transcripts, and the ground truth to compare them with.

    Attributes:
        transcripts: Folder that transcribe wrote.
        truth: PAGE or ALTO files, folders and globs.
        rules: Rules that are applied to the texts of the truth, as ingest did before training.
        has_pictures: Whether to cut out pictures of the worst lines, which opens their pages.
        match: How lines are matched, 'id' or 'place'; empty for place where the line finder
            found the lines, and id otherwise.
        is_complete: Whether the truth has all lines of its pages.
    """

    transcripts: str
    truth: tuple[str, ...]
    rules: TextRules = field(default_factory=TextRules)
    has_pictures: bool = False
    match: str = ""
    is_complete: bool = True


def evaluate_transcripts(config: TruthFiles) -> EvaluationResults:
    """Compare transcripts with ground truth, line by line.

    Args:
        config: The transcripts and the truth.

    Returns:
        The results.

    Raises:
        UsageError: If a file cannot be read, or a page of the truth or all its lines were not
            transcribed.
    """
    connection = open_tables(config.transcripts)
    pages = _transcribed_pages(connection, config.match)
    truth_of_page = pair_truth(list(pages), config.truth)
    pages_with_truth = [pages[uri] for uri in truth_of_page]
    tally, without_truth, scores = ErrorTally(), 0, []
    for read in _with_lines(connection, pages_with_truth):
        matched = match_page(
            read_truth(truth_of_page[read.uri]), read, config.rules, config.is_complete
        )
        without_truth += matched.without_truth
        scores += [matched.score] if matched.score else []
        for line in matched.lines:
            tally.add(line)
    found = total_score(scores) if scores else None
    _check_counts(tally, found)
    summary = summarise(tally)
    views: tuple[EvaluatedPage, ...] = ()
    if config.has_pictures:
        strips = _Strips(read_root(connection), pages)
        summary = with_pictures(summary, dict(_pictures(summary, truth_of_page, strips)))
        extra = _worst_lines(summary, has_truth=False)
        pages_with_extra = _with_lines(connection, [pages[uri] for uri in extra])
        summary = with_pictures(summary, dict(_pictures_of_extra(pages_with_extra, extra, strips)))
        views = tuple(_views(connection, config, summary, pages, truth_of_page))
    counts = {"lines_without_truth": without_truth}
    return EvaluationResults(
        title=name_of(config.transcripts),
        model_digest=_model_digest(connection),
        summary=summary,
        counts={**counts, "lines_extra": tally.lines_extra} if found else counts,
        remarks=tuple(_remarks(tally, without_truth)),
        found=found,
        views=views,
    )


def _views(
    connection: duckdb.DuckDBPyConnection,
    config: TruthFiles,
    summary: ErrorSummary,
    pages: dict[str, ReadPage],
    truth_of_page: dict[str, str],
) -> Iterator[EvaluatedPage]:
    """Yield the worst pages with their images, worst first."""
    worst = [pages[page.page_uri] for page in worst_pages(summary)]
    by_uri = {read.uri: read for read in _with_lines(connection, worst, has_places=True)}
    for number, page in enumerate(worst, 1):
        truth = read_truth(truth_of_page[page.uri])
        yield evaluated_page(
            by_uri[page.uri], truth, config.rules, config.is_complete, f"page{number}"
        )


def _transcribed_pages(connection: duckdb.DuckDBPyConnection, match: str) -> dict[str, ReadPage]:
    """Return the pages, without lines yet, and how the lines of each are matched."""
    # A page that failed counts, with all its text deleted; a skipped file is not a page.
    query = (
        "SELECT page_uri, lines_source, width_px, height_px, address FROM pages "
        "WHERE status <> 'skipped' ORDER BY page_uri"
    )
    rows = connection.sql(query).fetchall()
    # A page that failed has no source of lines; it is matched as the other pages are.
    sources = [FOUND_SOURCE, ""] if any(row[1] == FOUND_SOURCE for row in rows) else []
    return {
        uri: ReadPage(
            uri, (), *size, match == "place" if match else source in sources, address=address
        )
        for uri, source, *size, address in rows
    }


def _model_digest(connection: duckdb.DuckDBPyConnection) -> str:
    query = f"SELECT model_digest FROM runs WHERE {READS} ORDER BY run_id DESC LIMIT 1"
    return connection.sql(query).fetchone()[0]


def _with_lines(
    connection: duckdb.DuckDBPyConnection, pages: Sequence[ReadPage], has_places: bool = False
) -> Iterator[ReadPage]:
    """Yield the pages with their lines, one page at a time."""
    # Geometry is slow to fetch, and matching by identifier does not need it.
    query = (
        "SELECT page_uri, line_id, line_index, text, "
        "CASE WHEN by_place THEN baseline END, CASE WHEN by_place THEN polygon END "
        "FROM (SELECT *, page_uri IN (SELECT unnest(?)) AS by_place FROM lines) "
        "WHERE page_uri IN (SELECT unnest(?)) ORDER BY page_uri, line_index"
    )
    remaining = {page.uri: page for page in pages}
    places = [page.uri for page in pages if page.by_place or has_places]
    rows = iterate_rows(connection.execute(query, [places, list(remaining)]))
    for uri, of_page in groupby(rows, key=lambda row: row[0]):
        lines = (
            Line(line_id, index, text, to_polyline(baseline), to_polyline(polygon))
            for _, line_id, index, text, baseline, polygon in of_page
        )
        yield replace(remaining.pop(uri), lines=tuple(lines))
    yield from remaining.values()


def _check_counts(tally: ErrorTally, found: LineScore | None) -> None:
    if not tally.lines:
        raise UsageError("no line of --truth has text; give files with transcriptions")
    if found and not found.true:
        raise UsageError("no line of --truth has a baseline or polygon; give --match id")
    if not found and tally.lines_missing == tally.lines:
        raise UsageError(
            "no line of --truth is in --transcripts; transcribe those pages with --lines given"
        )


def _remarks(tally: ErrorTally, without_truth: int) -> Iterator[str]:
    if tally.lines_missing:
        yield (
            "lines of the truth that were not transcribed, counted as deleted: "
            f"{tally.lines_missing:,}"
        )
    if tally.lines_extra:
        yield f"lines found where the truth has none, counted as inserted: {tally.lines_extra:,}"
    if without_truth:
        yield f"transcribed lines of these pages without truth, not counted: {without_truth:,}"


def _worst_lines(summary: ErrorSummary, has_truth: bool) -> dict[str, set[str]]:
    """Return the worst lines by page: either those of the truth or the extra ones."""
    line_ids: dict[str, set[str]] = {}
    for worst in summary.worst:
        if (worst.line.truth is not None) == has_truth:
            line_ids.setdefault(worst.line.page_uri, set()).add(worst.line.line_id)
    return line_ids


def _pictures(
    summary: ErrorSummary, truth_of_page: dict[str, str], strips: _Strips
) -> Iterator[tuple[tuple[str, str], bytes]]:
    """Cut the worst lines of the truth out of their pages, opening each page once."""
    for uri, line_ids in _worst_lines(summary, has_truth=True).items():
        truth = replace(read_truth(truth_of_page[uri]), uri=uri)
        yield from _cut(truth, strips, line_ids)


def _pictures_of_extra(
    pages: Iterable[ReadPage], line_ids: dict[str, set[str]], strips: _Strips
) -> Iterator[tuple[tuple[str, str], bytes]]:
    for page in pages:
        yield from _cut(Page(page.uri, extra_lines(page)), strips, line_ids[page.uri])


def _cut(
    page: Page, strips: _Strips, line_ids: set[str]
) -> Iterator[tuple[tuple[str, str], bytes]]:
    for image in strips.of(page):
        if image.line.line_id in line_ids:
            yield (page.uri, image.line.line_id), thumbnail(image.strip)


@dataclass(frozen=True)
class _Strips:
    """Cuts lines out of the images of transcribed pages.

    Attributes:
        root: From `read_root`.
        pages: The transcribed pages.
    """

    root: tuple[str, str | None]
    pages: dict[str, ReadPage]

    def of(self, page: Page) -> Iterable[LineImage]:
        """Cut all lines, as the cut depends on the neighbours; none if the page cannot be read."""
        place = location(page.uri, self.pages[page.uri].address, *self.root)
        try:
            # Images on the web are not fetched again.
            image = open_image(PageSource(page.uri, (place,)))
            frame, sha256 = image.frame, image.sha256
        except (OSError, ValueError):
            return []
        records = cut_page(page, frame.grey, sha256, _PICTURE_HEIGHT_PX, frame.orientation)
        return [record for record in records if isinstance(record, LineImage)]
