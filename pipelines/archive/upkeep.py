"""Upkeep of an archive: many small files become few, pages are removed for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.io.filesystems import FileSystems

from pipelines.archive.columns import column
from pipelines.archive.folder import Archive
from pipelines.archive.portions import PORTION_TABLES, URI_COLUMN
from pipelines.archive.rewrite import Edit, Rewritten, rewrite
from pipelines.archive.sources import replaced
from pipelines.archive.state import EarlierPages
from pipelines.files.key_set import short_keys
from pipelines.formats.names import file_of
from pipelines.pages.names import PageNames
from pipelines.tables.writers import writer_of, written_by
from schemas.changes import Change
from schemas.records import SkipReason

# The files of a run or compaction that are larger, all together, stay as they are.
_SMALL_BYTES = 256 << 20


def compact(archive: Archive, state: EarlierPages, older_than_days: float | None) -> Rewritten:
    """Write the rows of many small files as few files.

    Args:
        archive: The output folder; this process holds its lock, and no run is unfinished.
        state: What the tables say.
        older_than_days: Rows of runs that began so long ago are dropped if newer ones replace
            them; None to keep all.

    Returns:
        What was done; the old files are still there.
    """
    edit, flags = None, {"older_than_days": older_than_days}
    writers = _small_writers(archive)
    if len(writers) < 2:
        writers = set()
    if older_than_days is not None:
        edit = _without_superseded(archive, state, older_than_days)
        writers |= _changed_writers(archive, edit)
    missing = state.missing().lacking()
    return rewrite(archive, "compact", flags, writers, edit, missing) if writers else Rewritten()


def _small_writers(archive: Archive) -> set[str]:
    """Return the runs and compactions whose files are small, and those that have none."""
    sizes: Counter[str] = Counter({writer_of(run): 0 for run in archive.finished_runs()})
    for table in PORTION_TABLES:
        matches = FileSystems.match([f"{archive.output}/{table}/collection=*/*.parquet"])
        for metadata in matches[0].metadata_list:
            if (writer := written_by(metadata.path)) in sizes:
                sizes[writer] += metadata.size_in_bytes
    return {writer for writer, size in sizes.items() if size < _SMALL_BYTES}


def _changed_writers(archive: Archive, edit: Edit) -> set[str]:
    """Return the runs and compactions that have rows which an edit drops or changes."""
    return {
        written_by(path)
        for path in archive.files_of_table("pages")
        for rows in archive.read_groups(path, "pages")
        if not rows.equals(edit("pages", rows))
    }


def _without_superseded(archive: Archive, state: EarlierPages, days: float) -> Edit:
    """Return an edit that drops old rows of pages that have a newer reading."""
    before = datetime.now(timezone.utc) - timedelta(days=days)
    started = {run["run_id"]: run["started"] for run in archive.finished_runs()}
    is_old = np.array([False, *(started[run.run_id] < before for run in state.runs)])
    # Of a page that no run could read, the newest row counts.
    needed = np.where(state.read > 0, state.read, state.last)

    def edit(table: str, rows: pa.Table) -> pa.Table:
        numbers = state.run_numbers(rows)
        places = state.places(rows[URI_COLUMN[table]].to_pylist())
        is_needed = (
            (places < 0)
            | (numbers >= needed[places])
            | (numbers == state.lines_of[places])
            | ~is_old[numbers]
        )
        return rows.filter(pa.array(is_needed))

    return edit


def choose_pages(
    archive: Archive, state: EarlierPages, pages: Sequence[str], starts: Sequence[str], gone: bool
) -> tuple[set[str], list[str]]:
    """Choose pages to remove.

    Args:
        archive: The output folder.
        state: What the tables say.
        pages: Names of pages, or of documents with all their pages; or other paths to them.
        starts: Starts of names.
        gone: Whether to choose all pages that are gone.

    Returns:
        The names; with each page, those that it had before it was renamed. And which of `pages`
        and `starts` no name matches.
    """
    as_named = PageNames(known=state.names)
    wanted = {name: one for one in pages for name in (as_named.name(one), one)}
    chosen, matched = set(), set()
    before: dict[str, set[str]] = {}
    for path in state.files:
        for rows in archive.read_batches(path, ["page_uri", "document", "moved_from", "change"]):
            facts = (values.to_pylist() for values in rows.columns)
            for name, document, moved_from, change in zip(*facts):
                found = {wanted[one] for one in (name, document, file_of(name)) if one in wanted}
                found |= {start for start in starts if name.startswith(start)}
                matched |= found
                if found:
                    chosen.add(name)
                if moved_from and change == Change.RENAMED.value:
                    before.setdefault(name, set()).add(moved_from)
    if gone:
        chosen |= gone_pages(archive, state)
    waiting = list(chosen)
    while waiting:
        for name in before.get(waiting.pop(), ()):
            (place,) = state.places([name])
            # A name that another page has now is not touched.
            if name not in chosen and place >= 0 and state.is_gone[place]:
                chosen.add(name)
                waiting.append(name)
    return chosen, [one for one in (*pages, *starts) if one not in matched]


def gone_pages(archive: Archive, state: EarlierPages) -> set[str]:
    """Return the pages that are gone, without older names of pages that were renamed."""
    found: set[str] = set()
    for path in state.files:
        for rows in archive.read_batches(path, ["page_uri", "run_id", "reason", "change"]):
            is_gone = pc.equal(column(rows, "reason"), SkipReason.GONE.value)
            rows = rows.filter(is_gone)
            places = state.places(column(rows, "page_uri").to_pylist())
            is_newest = state.is_gone[places] & (state.last[places] == state.run_numbers(rows))
            changes = column(rows, "change").to_pylist()
            found |= {
                name
                for name, newest, change in zip(
                    column(rows, "page_uri").to_pylist(), is_newest, changes
                )
                if newest and change not in (Change.MOVED.value, Change.JOINED.value)
            }
    return found


def forget(
    archive: Archive, pages: Collection[str], chosen_by: dict, missing: Collection[str] = ()
) -> Rewritten:
    """Write the tables anew without some pages.

    Args:
        archive: The output folder; this process holds its lock, and no run is unfinished.
        pages: Names of the pages.
        chosen_by: How they were chosen, for the row in `runs`.
        missing: Files of the tables that are missed.

    Returns:
        What was done; the old files are still there.
    """
    keys = np.sort(short_keys(sorted(pages)))
    names = frozenset(pages)

    def among(values: pa.ChunkedArray) -> np.ndarray:
        texts = values.to_pylist()
        suspects = np.isin(short_keys(texts), keys)
        return np.array([maybe and text in names for maybe, text in zip(suspects, texts)], bool)

    def edit(table: str, rows: pa.Table) -> pa.Table:
        rows = rows.filter(pa.array(~among(rows[URI_COLUMN[table]])))
        if table == "pages" and (was_there := among(rows["moved_from"])).any():
            before = rows["moved_from"].to_pylist()
            kept = [None if left else name for left, name in zip(was_there, before)]
            rows = replaced(rows, "moved_from", kept)
        return rows

    writers = _changed_writers(archive, edit)
    return rewrite(archive, "forget", chosen_by, writers, edit, missing) if writers else Rewritten()
