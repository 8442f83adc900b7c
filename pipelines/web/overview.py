"""How the transcripts stand: collections, runs, failures by cause, a run that is going on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from starlette.requests import Request
from starlette.responses import Response

from pipelines.transcripts.recipe_sql import FAILURES_BY_CAUSE
from pipelines.web.library import Library
from pipelines.web.shown import show

_COLLECTIONS = """
SELECT collection, count(*) FILTER (status = 'ok') AS pages_ok,
    count(*) FILTER (status = 'failed') AS pages_failed,
    count(*) FILTER (status = 'skipped') AS pages_skipped,
    count(DISTINCT folder) AS documents,
    coalesce(sum(lines_ok), 0)::BIGINT AS lines,
    sum(confidence * lines_ok) / sum(lines_ok) FILTER (confidence IS NOT NULL) AS confidence,
    sum(cer_estimate * lines_ok) / sum(lines_ok) FILTER (cer_estimate IS NOT NULL) AS cer_estimate
FROM pages GROUP BY collection ORDER BY collection
"""
_RUNS = """
SELECT run_id, command, status, model, model_digest, pages_in, pages_ok, pages_failed,
    pages_skipped, lines_ok, lines_failed, epoch(started) AS started,
    epoch(finished) - epoch(started) AS seconds
FROM runs ORDER BY run_id DESC LIMIT 10
"""
_PAGE = "SELECT page_key FROM pages WHERE page_uri = $uri"
_MOST_CAUSES = 20


def overview(request: Request) -> Response:
    """Show the front page."""
    library: Library = request.app.state.library
    causes = library.query(FAILURES_BY_CAUSE)
    for cause in causes[:_MOST_CAUSES]:
        found = library.search(_PAGE, {"uri": cause["example"]})
        cause["page_key"] = found[0]["page_key"] if found else None
    return show(
        request,
        "overview.html",
        collections=library.search(_COLLECTIONS),
        runs=library.query(_RUNS),
        causes=causes[:_MOST_CAUSES],
        more_causes=max(0, len(causes) - _MOST_CAUSES),
        going=_pages_going(library.transcripts),
    )


def _pages_going(transcripts: str) -> int:
    """Return how many pages a run that is not finished has read so far."""
    count = 0
    for path in Path(transcripts, ".unfinished").glob("**/*pages*.parquet"):
        # It is published, or written, meanwhile.
        with suppress(OSError, pa.ArrowException):
            count += pq.read_metadata(path).num_rows
    return count
