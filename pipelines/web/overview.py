"""How the transcripts stand: collections, runs, failures by cause, a run that is going on."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from starlette.requests import Request
from starlette.responses import Response

from pipelines.archive.folder import Archive
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
# More than a page may take.
_QUIET_S = 600.0


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
        going=going_run(library.transcripts),
    )


@dataclass(frozen=True)
class Going:
    """A run that has not ended.

    Attributes:
        done: Pages that it has done.
        found: Pages that it has to do; 0 if unknown, as where it runs on other machines.
        failed: Pages that could not be read, of those that it has written.
        seen: When it last wrote something, in seconds since 1970.
    """

    done: int
    found: int
    failed: int
    seen: float

    @property
    def is_quiet(self) -> bool:
        """Whether it has written nothing for so long that it may have been killed."""
        return time.time() - self.seen > _QUIET_S


def going_run(transcripts: str) -> Going | None:
    """Return how far a run is that has not ended; None if there is none.

    Args:
        transcripts: Folder that transcribe writes.
    """
    archive = Archive(transcripts)
    folder = Path(archive.portions)
    files = [*folder.glob("pages-*.parquet"), *folder.glob(f"{Path(archive.counts('*')).name}/*")]
    facts = {path: found for path in files if (found := _stat(path))}
    if not facts:
        return None
    written = [_statuses(path) for path in facts if path.suffix]
    counted = {
        name: sum(one.st_size for path, one in facts.items() if path.name == name)
        for name in ("found", "finished")
    }
    return Going(
        counted["finished"] or sum(pages for pages, _ in written),
        counted["found"],
        sum(failed for _, failed in written),
        max(one.st_mtime for one in facts.values()),
    )


def _stat(path: Path) -> os.stat_result | None:
    # It is published, or written, meanwhile.
    with suppress(OSError):
        return path.stat()


def _statuses(path: Path) -> tuple[int, int]:
    """Return how many pages a portion has, and how many of them failed."""
    with suppress(OSError, pa.ArrowException):
        return _counted(path)
    return 0, 0


# A portion is written once, and the page is shown often.
@lru_cache(maxsize=10_000)
def _counted(path: Path) -> tuple[int, int]:
    statuses = pq.read_table(path, columns=["status"]).column("status").to_pylist()
    return len(statuses), statuses.count("failed")
