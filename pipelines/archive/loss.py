"""What an archive lost: files of the tables that are gone, and the readings that they held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.columns import column
from pipelines.archive.folder import Archive
from pipelines.files.key_set import short_keys
from pipelines.tables.missing import Recorded
from pipelines.tables.writers import written_by

_PAGE_COLUMNS = ["page_uri", "run_id", "read_run_id", "lines_ok", "lines_failed"]
# Of each table, the column of pages and the one of `pages` that counts its rows.
_COUNTED = {"lines": ("page_uri", "lines_ok"), "failures": ("uri", "lines_failed")}
_NO_KEYS = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Loss:
    """What is gone from an archive.

    Attributes:
        files: Files of the tables that runs wrote and that are not there, or empty.
        missed: Those of them that a complete run has found missing before.
        readings: Short keys of the runs and pages that lack lines or failures, sorted.
        pages: Short keys of the pages that the missing files of `pages` may be of.
    """

    files: tuple[str, ...] = ()
    missed: frozenset[str] = frozenset()
    readings: np.ndarray = field(default_factory=_NO_KEYS.copy)
    pages: np.ndarray = field(default_factory=_NO_KEYS.copy)

    def concerns(self, rows: pa.RecordBatch | pa.Table) -> np.ndarray:
        """Return which rows of `pages` are of readings that lack lines or failures.

        Args:
            rows: The rows, with `page_uri`, `run_id` and `read_run_id`.
        """
        if not len(self.readings):
            return np.zeros(len(rows), bool)
        runs = pc.coalesce(column(rows, "read_run_id"), column(rows, "run_id"))
        return np.isin(_keys(runs, column(rows, "page_uri")), self.readings)


def find_loss(archive: Archive) -> Loss:
    """Find the files that are missing, and the readings whose rows they held.

    Nothing is read unless a file is missing, or its size is not the one that its run recorded.
    Runs of earlier versions recorded none.

    Args:
        archive: The output folder.

    Raises:
        UsageError: If a file is damaged.
    """
    there, recorded = archive.sizes(), Recorded.of(archive.finished_runs())
    for path, size in recorded.sizes.items():
        if there.get(path) and there[path] != size:
            archive.check_whole(path)
    files = recorded.missing(there)
    writers = {
        table: {recorded.writers[path] for path in files if path.startswith(f"{table}/")}
        for table in ("pages", *_COUNTED)
    }
    readings = [_lacking(archive, table, writers[table]) for table in _COUNTED]
    pages = [
        short_keys(column(rows, name).to_pylist())
        for table, (name, _) in _COUNTED.items()
        for rows in _rows(archive, table, writers["pages"], [name])
    ]
    return Loss(
        tuple(files),
        recorded.missed,
        np.unique(np.concatenate([_NO_KEYS, *readings])),
        np.unique(np.concatenate([_NO_KEYS, *pages])),
    )


def _lacking(archive: Archive, table: str, writers: set[str]) -> np.ndarray:
    """Return the readings of some writers that have fewer rows in a table than `pages` says."""
    name, counter = _COUNTED[table]
    keys, wanted, found = [_NO_KEYS], [_NO_KEYS], [_NO_KEYS]
    for rows in _rows(archive, "pages", writers, _PAGE_COLUMNS):
        # The rows of one that refers to an older run are that run's.
        rows = rows.filter(pc.is_null(column(rows, "read_run_id")))
        keys.append(_keys(column(rows, "run_id"), column(rows, "page_uri")))
        wanted.append(np.asarray(column(rows, counter)))
    for rows in _rows(archive, table, writers, [name, "run_id", "line_id"]):
        if table == "failures":
            # Those of whole pages are not counted.
            rows = rows.filter(pc.not_equal(column(rows, "line_id"), ""))
        found.append(_keys(column(rows, "run_id"), column(rows, name)))
    every, counts = np.unique(np.concatenate(found), return_counts=True)
    keys, wanted = np.concatenate(keys), np.concatenate(wanted)
    # One more, which stands for readings without any row.
    every, counts = np.append(every, 0), np.append(counts, 0)
    places = np.searchsorted(every[:-1], keys)
    return keys[np.where(every[places] == keys, counts[places], 0) < wanted]


def _rows(
    archive: Archive, table: str, writers: set[str], columns: list[str]
) -> Iterator[pa.RecordBatch]:
    """Yield columns of the rows of a table that some runs and compactions wrote."""
    for path in archive.files_of_table(table) if writers else ():
        if written_by(path) in writers:
            yield from archive.read_batches(path, columns)


def _keys(runs: pa.Array | pa.ChunkedArray, pages: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return short_keys([f"{run} {page}" for run, page in zip(runs.to_pylist(), pages.to_pylist())])
