"""Evaluation of transcripts against PAGE or ALTO ground truth: lines joined by page and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby

import duckdb

from model.contact_sheet import thumbnail
from model.error_summary import ErrorSummary, summarise
from model.error_tally import ErrorTally, ReadLine
from model.splits import document_of
from model.text_rules import TextRules, apply_rules
from pipelines.evaluation import Evaluation, name_of, with_pictures
from pipelines.evaluation_pairs import pair_truth, read_truth
from pipelines.options import UsageError
from pipelines.transcripts import open_tables
from pipelines.transforms.cut import cut_page, open_page
from schemas.records import LineImage, Page

_PICTURE_HEIGHT_PX = 64
_FETCHED_ROWS = 10_000


@dataclass(frozen=True)
class TruthFiles:
    """What to compare with what.

    Attributes:
        transcripts: Folder that transcribe wrote.
        truth: PAGE or ALTO files, folders and globs.
        rules: What is done to the texts of the truth, as ingest did before training.
        has_pictures: Whether the worst lines get pictures, for which pages are opened.
    """

    transcripts: str
    truth: tuple[str, ...]
    rules: TextRules = field(default_factory=TextRules)
    has_pictures: bool = False


def evaluate_transcripts(config: TruthFiles) -> Evaluation:
    """Compare transcripts with ground truth, line by line.

    Args:
        config: The transcripts and the truth.

    Returns:
        The results.

    Raises:
        UsageError: If a file cannot be read, a page of the truth was not transcribed, or no
            line of it.
    """
    connection = open_tables(config.transcripts)
    truth_of_page = pair_truth(_transcribed_pages(connection), config.truth)
    tally, without_truth = ErrorTally(), 0
    for uri, texts in _pages_with_texts(connection, list(truth_of_page)):
        page = read_truth(truth_of_page[uri])
        lines = list(_read_lines(replace(page, uri=uri), texts, config.rules))
        without_truth += len(texts.keys() - {line.line_id for line in lines})
        for line in lines:
            tally.add(line)
    _check_counts(tally)
    summary = summarise(tally)
    if config.has_pictures:
        summary = with_pictures(summary, dict(_pictures(summary, truth_of_page)))
    return Evaluation(
        title=name_of(config.transcripts),
        model_digest=_model_digest(connection),
        summary=summary,
        counts={"lines_without_truth": without_truth},
        remarks=tuple(_remarks(tally.lines_missing, without_truth)),
    )


def _transcribed_pages(connection: duckdb.DuckDBPyConnection) -> list[str]:
    # A page that failed counts: its text is lost. What was left out is no page.
    query = "SELECT page_uri FROM pages WHERE status <> 'skipped' ORDER BY page_uri"
    return [uri for (uri,) in connection.sql(query).fetchall()]


def _model_digest(connection: duckdb.DuckDBPyConnection) -> str:
    return connection.sql("SELECT model_digest FROM runs").fetchone()[0]


def _pages_with_texts(
    connection: duckdb.DuckDBPyConnection, uris: list[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each page with the texts of its lines, a page at a time."""
    query = (
        "SELECT page_uri, line_id, text FROM lines WHERE page_uri IN (SELECT unnest(?)) "
        "ORDER BY page_uri"
    )
    left = dict.fromkeys(uris)
    rows = _fetched(connection.execute(query, [uris]))
    for uri, of_page in groupby(rows, key=lambda row: row[0]):
        del left[uri]
        yield uri, {line_id: text for _, line_id, text in of_page}
    for uri in left:
        yield uri, {}


def _fetched(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    while rows := connection.fetchmany(_FETCHED_ROWS):
        yield from rows


def _read_lines(page: Page, texts: dict[str, str], rules: TextRules) -> Iterator[ReadLine]:
    for line in page.lines:
        try:
            truth = apply_rules(line.text or "", rules)
        except ValueError as error:
            raise UsageError(f"--truth {page.uri} {line.line_id}: {error}") from None
        if truth:
            read = texts.get(line.line_id)
            document = document_of(page.uri)
            yield ReadLine(page.uri, line.line_id, truth, read, page.source, document)


def _check_counts(tally: ErrorTally) -> None:
    if not tally.lines:
        raise UsageError("no line of --truth has text; give files with transcriptions")
    if tally.lines_missing == tally.lines:
        raise UsageError(
            "no line of --truth is in --transcripts; transcribe those pages with --lines given"
        )


def _remarks(missing: int, without_truth: int) -> Iterator[str]:
    if missing:
        yield f"lines of the truth that were not transcribed, counted as lost: {missing:,}"
    if without_truth:
        yield f"transcribed lines of these pages without truth, not counted: {without_truth:,}"


def _pictures(
    summary: ErrorSummary, truth_of_page: dict[str, str]
) -> Iterator[tuple[tuple[str, str], bytes]]:
    """Cut the worst lines out of their pages once more, each page opened once."""
    wanted: dict[str, set[str]] = {}
    for worst in summary.worst:
        wanted.setdefault(worst.line.page_uri, set()).add(worst.line.line_id)
    for uri, line_ids in wanted.items():
        for image in _strips(replace(read_truth(truth_of_page[uri]), uri=uri)):
            if image.line.line_id in line_ids:
                yield (uri, image.line.line_id), thumbnail(image.strip)


def _strips(page: Page) -> Iterable[LineImage]:
    """Cut all lines: how a line is cut depends on its neighbours. None if the page is gone."""
    try:
        grey, sha256 = open_page(page)
    except (OSError, ValueError):
        return []
    records = cut_page(page, grey, sha256, _PICTURE_HEIGHT_PX)
    return [record for record in records if isinstance(record, LineImage)]
