"""Earlier runs: which pages need not be read again, and publishing what a killed run did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.columns import column
from pipelines.archive.folder import Archive
from pipelines.archive.gone import Listing
from pipelines.archive.page_keys import (
    NOT_READ,
    content_key,
    failing_key,
    name_key,
    older_key,
    page_key,
    page_of_file,
)
from pipelines.archive.parts import (
    all_sums,
    done_parts,
    drop_lost,
    missing_parts,
    parts_of,
    remove_locks,
    shortened,
)
from pipelines.archive.portions import drop_damaged, portion_file, portion_names
from pipelines.archive.publish import publish
from pipelines.archive.state import EarlierPages, is_reading, read_state
from pipelines.cli.options import UsageError
from pipelines.files.filesystem import first_existing, read_bytes, write_bytes
from pipelines.files.key_set import short_keys, sorted_keys
from pipelines.tables.account import Account
from pipelines.tables.runs import RunStart

_COLUMNS = [
    "page_uri", "status", "reason", "run_id", "sha256", "file_sha256", "lines_sha256",
    "read_run_id",
]  # fmt: skip


# What a run listed; None where that is not known any more.
Relisting = Callable[[RunStart, EarlierPages], Listing | None]


def _not_known(run: RunStart, state: EarlierPages) -> None:
    return None


def publish_interrupted(archive: Archive, listing_of: Relisting = _not_known) -> str:
    """Publish what a killed run has done, as an interrupted run; as a whole one if all parts are.

    Args:
        archive: The output folder; this process holds its lock.
        listing_of: Returns what a run listed, of which all parts are done.

    Returns:
        How many of its pages are kept, and what of it is damaged, so that pages are read again;
        empty for nothing.

    Raises:
        AccountError: If the sums do not match.
        UsageError: If another version of Quire started that run.
    """
    run = unfinished_run(archive)
    if run is None:
        if not portion_names(archive.portions):
            return ""
        archive.clear_unfinished()
        return (
            f"{archive.run_start} is damaged or missing: what that run did is dropped, and its "
            "pages are read again"
        )
    said, dropped = [], drop_damaged(archive.portions)
    if is_published(archive, run) or not portion_names(archive.portions):
        archive.clear_unfinished()
    else:
        said.append(_publish(archive, run, listing_of))
    if dropped:
        files = "a file" if dropped == 1 else f"{dropped} files"
        said.append(
            f"{archive.portions}: {files} of a killed run damaged; those pages are read again"
        )
    return "\n".join(said)


def _publish(archive: Archive, run: RunStart, listing_of: Relisting) -> str:
    """Publish what a run has done that did not end, and return how much that is."""
    parts = parts_of(archive, run)
    done = done_parts(archive, parts) if parts else {}
    drop_lost(archive, done)
    missing = missing_parts(done, parts.count) if parts else ()
    state = read_state(archive)
    if parts:
        remove_locks(archive)
    if parts and not missing:
        only_new = bool(run.flags.get("only_new"))
        listing = listing_of(run, state)
        account = publish(archive, run, state, all_sums(done)[0], listing, only_new).account
        return f"all {parts.count} parts of run {run.run_id} were done: {_pages(account)} published"
    account = publish(archive, run, state).account
    kept = f"{_pages(account)} of the interrupted run {run.run_id} kept"
    return f"{kept}; of its parts, {shortened(missing)} were not done" if missing else kept


def _pages(account: Account) -> str:
    return "1 page" if account.pages_in == 1 else f"{account.pages_in:,} pages"


def is_published(archive: Archive, run: RunStart) -> bool:
    """Return whether the tables hold what an unfinished run has done: only its end is missing."""
    return any(row["run_id"] == run.run_id for row in archive.finished_runs())


def unfinished_run(archive: Archive) -> RunStart | None:
    """Return the run that was killed; None if none was, or what names it is damaged.

    Raises:
        UsageError: If another version of Quire started it.
    """
    if first_existing([archive.run_start]) is None:
        return None
    try:
        return RunStart.from_json(read_bytes(archive.run_start).decode())
    except (UnicodeDecodeError, json.JSONDecodeError, AttributeError, KeyError, TypeError):
        return None
    except ValueError as error:
        raise UsageError(f"{archive.unfinished}: {error}") from None


def write_known_pages(
    archive: Archive, state: EarlierPages, run: RunStart, path: str, only_new: bool = False
) -> None:
    """Write the keys of all pages that need not be read, and of those that failed or are gone.

    Args:
        archive: The output folder.
        state: What the tables say of each page.
        run: The run that reads pages.
        path: File for the keys, to be read by `pipelines.files.key_set.KeySet`.
        only_new: Whether pages that did not change stay as another model or version read them.
    """
    write_bytes(path, sorted_keys(_keys(archive, state, run.digest, only_new)))


def write_planned_pages(
    archive: Archive, state: EarlierPages, run: RunStart, path: str, only_new: bool = False
) -> None:
    """Write the keys for a dry run: also why each page that was read is read again.

    Args:
        archive: The output folder, which is not changed.
        state: What the tables, and the portions of a killed run, say of each page.
        run: The run that is planned.
        path: File for the keys: those of `write_known_pages`, and `name_key` of each page.
        only_new: As for `write_known_pages`.
    """
    reasons = (None if only_new else earlier.differs(run) for earlier in state.runs)
    why = np.array(["", *(reason.value if reason else "" for reason in reasons)])
    is_known = np.zeros(len(state.keys), bool)
    for _, places, numbers in _readings(archive, state):
        is_known[places[why[numbers] == ""]] = True

    def keys() -> Iterator[bytes]:
        yield from _keys(archive, state, run.digest, only_new)
        for rows, places, _ in _readings(archive, state):
            reasons = np.where(is_known[places], "", why[state.read[places]])
            names = column(rows, "page_uri").to_pylist()
            yield b"".join(map(name_key, names, reasons.tolist()))

    write_bytes(path, sorted_keys(keys()))


def _readings(
    archive: Archive, state: EarlierPages
) -> Iterator[tuple[pa.RecordBatch, np.ndarray, np.ndarray]]:
    """Yield the readings of pages, with their places in the state and the numbers of their runs."""
    for path in state.files:
        for rows in archive.read_batches(path, _COLUMNS):
            rows = rows.filter(pa.array(is_reading(rows) & state.has_lines(rows)))
            yield rows, state.places(column(rows, "page_uri").to_pylist()), state.run_numbers(rows)


def _keys(archive: Archive, state: EarlierPages, digest: str, only_new: bool) -> Iterator[bytes]:
    """Yield the keys of pages that need not be read, and of those that failed or are gone."""
    is_same = np.array([False] + [run.digest == digest for run in state.runs])
    for rows, places, numbers in _readings(archive, state):
        # If two pages have the same short key, the older one is read again.
        is_newest = state.read[places] == numbers
        is_known = is_same[numbers] | (only_new & is_newest)
        rows = rows.filter(pa.array(is_known))
        names, status, lines = (
            column(rows, one).to_pylist() for one in ("page_uri", "status", "lines_sha256")
        )
        digests = [column(rows, one).to_pylist() for one in ("sha256", "file_sha256")]
        # Joined by batch: a list of ten million keys takes four times their bytes.
        yield b"".join(
            key
            for *row, newest in zip(names, status, lines, *digests, is_newest[is_known])
            for key in _keys_of(*row, newest, digest)
        )
    for path in state.files:
        for rows in archive.read_batches(path, ["page_uri"]):
            names = rows.column(0).to_pylist()
            places = state.places(names)
            # Such a page gets a row even if it is unchanged.
            needs_row = state.is_failing[places] | state.is_gone[places]
            yield b"".join(map(failing_key, compress(names, needs_row)))


def _keys_of(
    name: str,
    status: str,
    lines_sha256: str,
    sha256: str,
    file_sha256: str,
    is_newest: bool,
    digest: str,
) -> Iterator[bytes]:
    key = page_key if is_newest else older_key
    yield key(name, sha256, lines_sha256, digest)
    if file_sha256:
        yield key(name, file_sha256, lines_sha256, digest)
    if status == "ok":
        yield content_key(sha256, lines_sha256, digest)
        if file_sha256:
            yield content_key(page_of_file(file_sha256, name), lines_sha256, digest)


def count_elsewhere(archive: Archive, collection: str) -> int:
    """Return the number of pages that the run found unchanged and that are in other collections.

    Args:
        archive: The output folder, with what the run has done.
        collection: Collection of the run.
    """
    files = archive.files_of_table("pages")
    others = [path for path in files if archive.collection_of(path) != collection]
    if not others:
        return 0
    own = [path for path in files if archive.collection_of(path) == collection]
    only_in_others = np.setdiff1d(_ok_pages(archive, others), _ok_pages(archive, own))
    portions = (portion_file(archive.portions, "pages", n) for n in portion_names(archive.portions))
    found = _short_keys(
        rows.filter(pc.is_in(rows["reason"], value_set=pa.array(NOT_READ)))
        for path in portions
        for rows in archive.read_batches(path, ["page_uri", "reason"])
    )
    return int(np.isin(np.unique(found), only_in_others).sum())


def _ok_pages(archive: Archive, paths: Sequence[str]) -> np.ndarray:
    return _short_keys(
        rows.filter(pc.equal(rows["status"], "ok"))
        for path in paths
        for rows in archive.read_batches(path, ["page_uri", "status"])
    )


def _short_keys(batches: Iterable[pa.RecordBatch]) -> np.ndarray:
    keys = [short_keys(rows["page_uri"].to_pylist()) for rows in batches]
    return np.concatenate([np.empty(0, np.int64), *keys])
