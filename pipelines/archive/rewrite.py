"""Rewrite the tables of some runs: many small files into few, or without some rows.

The new files do not count until one file of `runs` names their writer for the runs, which is one
rename; from then on the old files do not count. They are deleted when nobody reads the folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import pyarrow as pa

from pipelines.archive.folder import Archive
from pipelines.archive.portions import PORTION_TABLES
from pipelines.archive.sources import replaced
from pipelines.archive.table_files import TableFiles
from pipelines.buckets.store import delete_all, is_bucket
from pipelines.files.readers import without_readers
from pipelines.tables.account import Account, AccountError
from pipelines.tables.missing import Recorded, record
from pipelines.tables.runs import RunStart
from pipelines.tables.write import write_rows
from pipelines.tables.writers import writer_of, written_by

# Takes the name of a table and some rows, and returns those to keep.
Edit = Callable[[str, pa.Table], pa.Table]
# How long files stay in a bucket, where readers cannot be known.
_REMOTE_WAIT = timedelta(hours=1)
_NOTHING = Account(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Rewritten:
    """What a compaction did.

    Attributes:
        run_id: Identifier of the compaction; empty where it did nothing.
        files_before: Files whose rows it wrote anew, those of `runs` among them.
        files_after: Files that it wrote.
        kept: Rows by table.
        dropped: Rows by table that it left out.
    """

    run_id: str = ""
    files_before: int = 0
    files_after: int = 0
    kept: Counter = field(default_factory=Counter)
    dropped: Counter = field(default_factory=Counter)

    def __str__(self):
        kept, dropped = (
            ", ".join(f"{rows[table]:,} {table}" for table in ("pages", "lines", "failures"))
            for rows in (self.kept, self.dropped)
        )
        return (
            f"files: {self.files_before:,} became {self.files_after:,}\n"
            f"rows: {kept} kept; {dropped} removed"
        )


def rewrite(
    archive: Archive,
    command: str,
    flags: dict,
    writers: Collection[str],
    edit: Edit | None = None,
    missing: Collection[str] = (),
) -> Rewritten:
    """Write the rows of some runs and compactions anew.

    Args:
        archive: The output folder; this process holds its lock.
        command: Name of the command, for its row in `runs`.
        flags: Its flags, likewise.
        writers: Runs and compactions whose rows are rewritten, all of each.
        edit: Which rows to keep; None for all.
        missing: Files of the tables that are missed.

    Returns:
        What was done. The old files are still there.

    Raises:
        AccountError: If rows are lost; nothing changes then.
    """
    runs = sorted(archive.finished_runs(), key=lambda run: run["run_id"])
    run = RunStart.now(command, flags, after=runs[-1]["run_id"] if runs else "")
    kept, dropped, before = Counter(), Counter(), 0
    for table in PORTION_TABLES:
        files = archive.files_of_table(table)[::-1]
        old = [path for path in files if written_by(path) in writers]
        before += len(old)
        others = len(old) < len(files)
        for collection in sorted({archive.collection_of(path) for path in old}):
            own = [path for path in old if archive.collection_of(path) == collection]
            numbers = _rewrite_files(archive, replace(run, collection=collection), table, own, edit)
            kept[table] += numbers[0]
            dropped[table] += numbers[1]
        if not kept[table] and not others:
            _write_empty(archive, run, table)
    covered = [row for row in runs if writer_of(row) in writers]
    before += len({path for path, row in archive.run_rows() if writer_of(row) in writers})
    rows = [row | {"compaction": run.run_id, "files": None} for row in covered]
    # What is missing is not forgotten, though nothing else of those files is left.
    old = Recorded.of(covered).sizes
    sizes = {path: old[path] for path in missing if path in old}
    written = record(sizes | archive.sizes(writer=run.run_id))
    own = run.row(_NOTHING) | {"files": written}
    write_rows(archive.run_file(run.run_id), "runs", [*rows, own])
    after = 1 + sum(len(archive.files_of(table, run.run_id)) for table in PORTION_TABLES)
    return Rewritten(run.run_id, before, after, kept, dropped)


def _rewrite_files(
    archive: Archive, run: RunStart, table: str, paths: list[str], edit: Edit | None
) -> tuple[int, int]:
    """Write the rows of files of one collection; return how many were kept and dropped."""
    read = dropped = 0
    with TableFiles(archive, run, table) as files:
        for path in paths:
            for rows in archive.read_groups(path, table):
                kept = rows if edit is None else edit(table, rows)
                read, dropped = read + len(rows), dropped + len(rows) - len(kept)
                files.add(replaced(kept, "compaction", run.run_id))
    if files.row_count + dropped != read:
        raise AccountError(f"table {table} had {read} rows but {files.row_count} were written")
    return files.row_count, dropped


def _write_empty(archive: Archive, run: RunStart, table: str) -> None:
    """Write a file without rows: readers expect one of each table."""
    with TableFiles(archive, replace(run, collection="all"), table) as files:
        files.open_empty()


def sweep(archive: Archive, wait_s: float = 0.0) -> int:
    """Delete files whose rows do not count any more, unless somebody may be reading them.

    Args:
        archive: The output folder; this process holds its lock, and no run is unfinished.
        wait_s: Seconds to wait for readers.

    Returns:
        Files that stay; a later run deletes them.
    """
    if half_written := archive.half_written_files():
        delete_all(half_written)
    files = _replaced_files(archive)
    if not files:
        return 0
    if is_bucket(archive.output):
        newest = max(writer_of(row) for row in archive.finished_runs())
        is_old = newest < f"{datetime.now(timezone.utc) - _REMOTE_WAIT:%Y%m%dT%H%M%S}"
        if is_old:
            delete_all(files)
        return 0 if is_old else len(files)
    with without_readers(f"{archive.output}/runs", wait_s) as is_free:
        if is_free:
            delete_all(files)
    return 0 if is_free else len(files)


def _replaced_files(archive: Archive) -> list[str]:
    """Return the files of which no row counts, data files first."""
    finished = archive.finished_runs()
    writers = {writer_of(run) for run in finished}
    data = [
        path
        for table in PORTION_TABLES
        for path in archive.all_files(table)
        if written_by(path) not in writers
    ]
    current = {run["run_id"]: run.get("compaction") for run in finished}
    # The newest file with the row that counts; of equal rows, one is enough.
    holding = {
        row["run_id"]: path
        for path, row in archive.run_rows()
        if row.get("compaction") == current[row["run_id"]]
    }
    return data + [path for path in archive.run_files() if path not in holding.values()]
