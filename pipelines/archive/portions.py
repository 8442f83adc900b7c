"""The portions in which transcribe writes: small files of whole pages, written atomically."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.io.filesystems import FileSystems

from pipelines.archive.folder import Archive, read_table
from pipelines.cli.interruption import is_interrupted
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import write_bytes
from pipelines.files.key_set import UriTally
from pipelines.files.output import discard
from pipelines.pages.records import PageResult
from pipelines.tables.rows import failure_row, line_row, page_row, table_of, with_all_columns
from pipelines.tables.write import parquet_bytes
from pipelines.transforms.summing import Summing
from schemas.records import Failure, SkipReason
from schemas.tables import TABLES

# A killed run loses less than this much of each worker's work.
_PORTION_PAGES = 200
_PORTION_S = 30.0
# In the order of writing: a portion counts only if its file of pages exists.
PORTION_TABLES = ("lines", "failures", "pages")
# The column that names the page.
URI_COLUMN = {"lines": "page_uri", "failures": "uri", "pages": "page_uri"}


class PageRows(NamedTuple):
    """The rows of a page, as a small table for each of `PORTION_TABLES`."""

    lines: pa.Table
    failures: pa.Table
    pages: pa.Table


class WritePortions(beam.PTransform):
    """Write the results of pages in portions, as they come.

    Each worker writes portions of its own, so memory does not grow with the run.

    Args:
        folder: Folder of the portions.
        run_id: Identifier of the run.
        start: How the names of the portions start.
    """

    def __init__(self, folder: str, run_id: str, start: str = ""):
        super().__init__()
        self._arguments = folder, run_id, start

    def expand(self, results):
        return results | "Write" >> beam.ParDo(_Write(*self._arguments))


class _Write(beam.DoFn):
    def __init__(self, folder: str, run_id: str, start: str):
        self._folder, self._run_id, self._start = folder, run_id, start

    def start_bundle(self):
        self._pages: list[PageRows] = []
        self._started = time.monotonic()

    def process(self, result: PageResult):
        self._pages.append(rows_of(result, self._run_id))
        age_s = time.monotonic() - self._started
        if len(self._pages) >= _PORTION_PAGES or age_s > _PORTION_S:
            self.finish_bundle()
        if is_interrupted():
            self.finish_bundle()
            raise RuntimeError("interrupted")

    def finish_bundle(self):
        if self._pages:
            write_portion(self._folder, self._pages, self._start)
        self.start_bundle()


def rows_of(result: PageResult, run_id: str) -> PageRows:
    """Return the rows of a page.

    Args:
        result: The result of the page.
        run_id: Identifier of the run.
    """
    failures = [*result.failures]
    if isinstance(result.outcome, Failure):
        failures.append(result.outcome)
    return PageRows(
        _table("lines", [line_row(line, run_id) for line in result.lines]),
        _table("failures", [failure_row(failure, run_id) for failure in failures]),
        _table("pages", [page_row(result, run_id)]),
    )


def write_portion(folder: str, pages: Sequence[PageRows], start: str = "") -> None:
    """Write the rows of some pages as one portion, which counts only once it is complete.

    Args:
        folder: Folder of the portions.
        pages: Rows of the pages.
        start: How its name starts.
    """
    name = start + uuid.uuid4().hex
    for table in PORTION_TABLES:
        rows = pa.concat_tables([getattr(page, table) for page in pages])
        write_durably(portion_file(folder, table, name), parquet_bytes(rows))


class Portions:
    """The portions of a run, read again.

    Args:
        archive: The output folder.
        names: From `portion_names`.
        is_whole: Whether the run was not interrupted. Otherwise pages that get the reading of
            another page are left out: whether that page is gone is not known, and the next run
            finds them again without reading them.

    Attributes:
        names: The portions.
        repeated: By portion, the pages that an earlier portion holds, too: the pages of a worker
            that was stopped may be done twice. They are left out.
    """

    def __init__(self, archive: Archive, names: Sequence[str], is_whole: bool = True):
        self._folder, self._is_whole = archive.portions, is_whole
        self.names = tuple(names)
        self.repeated: dict[str, frozenset[str]] = {}

    def pages(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows of `pages`, or some of their columns, of each portion."""
        for name in self.names:
            yield self.pages_of(name, columns)

    def pages_of(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Return the rows of `pages` of one portion, or some of their columns."""
        read = None if columns is None else [*dict.fromkeys(["page_uri", "reason", *columns])]
        rows = self._table("pages", name, read)
        if not self._is_whole:
            rows = rows.filter(pc.not_equal(rows["reason"], SkipReason.ALIKE.value))
        return rows.select(columns) if columns else rows

    def tables(self, table: str) -> Iterator[pa.Table]:
        """Yield the rows of `lines` or `failures` of each portion."""
        for name in self.names:
            yield self._table(table, name)

    def _table(self, table: str, name: str, columns: list[str] | None = None) -> pa.Table:
        rows = read_table(portion_file(self._folder, table, name), columns)
        if columns is None:
            rows = with_all_columns(rows, TABLES[table])
        pages = self.repeated.get(name)
        if not pages:
            return rows
        left_out = pc.is_in(rows[URI_COLUMN[table]], value_set=pa.array(sorted(pages)))
        return rows.filter(pc.invert(left_out))


def portion_file(folder: str, table: str, name: str) -> str:
    """Return the path of a file of a portion."""
    return f"{folder}/{table}-{name}.parquet"


def portion_names(folder: str, start: str = "") -> list[str]:
    """Return the names of the complete portions, or of those whose names start so."""
    (match,) = FileSystems.match([portion_file(folder, "pages", f"{start}*")])
    ends = (metadata.path.rsplit("/pages-", 1)[-1] for metadata in match.metadata_list)
    return sorted(end.removesuffix(".parquet") for end in ends)


def drop_damaged(folder: str, start: str = "") -> int:
    """Delete the portions that cannot be read whole; their pages are read again.

    Args:
        folder: Folder of the portions.
        start: How their names start.

    Returns:
        The number of portions.
    """
    damaged = {*portion_names(folder, start)} - {*whole_portions(folder, start)}
    for name in damaged:
        # The file that makes the portion count is the first that goes.
        for table in reversed(PORTION_TABLES):
            discard(portion_file(folder, table, name))
    return len(damaged)


def whole_portions(folder: str, start: str = "") -> list[str]:
    """Return the names of the portions whose files can be read; `start` as for `portion_names`."""
    return [name for name in portion_names(folder, start) if _is_whole(folder, name)]


def _is_whole(folder: str, name: str) -> bool:
    try:
        for table in PORTION_TABLES:
            read_table(portion_file(folder, table, name))
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True


def _table(name: str, rows: list[dict]) -> pa.Table:
    return table_of(rows, TABLES[name])


class WriteInputs(beam.PTransform):
    """Write the tally of the pages that came in, as JSON, to check the account against.

    Args:
        path: The file.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def expand(self, sources):
        return (
            sources
            | "Name" >> beam.Map(lambda source: source.uri)
            | "Tally" >> beam.CombineGlobally(Summing(UriTally))
            | "Write" >> beam.Map(_write, self._path)
        )


def _write(tally: UriTally, path: str) -> None:
    write_bytes(path, json.dumps([tally.count, tally.total]).encode())
