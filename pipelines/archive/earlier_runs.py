"""What earlier runs have done: pages that need no reading, and a run that was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.folder import Archive
from pipelines.archive.page_keys import NOT_READ, failing_key, name_key, page_key
from pipelines.archive.portions import portion_file, portion_names
from pipelines.archive.publish import publish
from pipelines.cli.options import UsageError
from pipelines.files.filesystem import first_existing, read_bytes, write_bytes
from pipelines.files.key_set import short_keys, sorted_keys
from pipelines.tables.runs import RunStart, digest_of

_NAMES = ["page_uri", "document"]
_FACTS = ["status", "reason"]
_DIGESTS = ["lines_sha256", "sha256", "file_sha256"]


def publish_interrupted(archive: Archive) -> None:
    """Put what a killed run has done into the tables, as a run that was interrupted.

    Args:
        archive: The folder; this process has its lock.

    Raises:
        AccountError: If the sums do not close.
        UsageError: If another version of Quire began that run.
    """
    run = _unfinished_run(archive)
    if run is None:
        return
    is_published = first_existing([archive.run_file(run.run_id)]) is not None
    if is_published or not portion_names(archive.portions):
        archive.clear_unfinished()
    else:
        publish(archive, run, None)


def write_known_pages(archive: Archive, digest: str, path: str) -> None:
    """Write the keys of all pages that need no reading, and of what failed when last tried.

    Of each page the newest reading alone counts: it is the one that the tables show.

    Args:
        archive: The folder.
        digest: Names model and preprocessing.
        path: File for the keys, which `pipelines.files.key_set.KeySet` reads.
    """
    write_bytes(path, sorted_keys(_keys(archive, _finished_files(archive), digest, page_key)))


def write_planned_pages(archive: Archive, digest: str, path: str) -> None:
    """Write what `write_known_pages` would, what a killed run has done with it, and names alone.

    Args:
        archive: The folder, which is not touched.
        digest: Names model and preprocessing.
        path: File for the keys, `name_key` of each page among them.

    Raises:
        UsageError: If another version of Quire began the run that was killed.
    """

    def both_keys(*row: str) -> bytes:
        return page_key(*row) + name_key(row[0], digest)

    files = [*_unfinished_files(archive), *_finished_files(archive)]
    write_bytes(path, sorted_keys(_keys(archive, files, digest, both_keys)))


def count_elsewhere(archive: Archive, collection: str) -> int:
    """Count pages that the run has found unchanged, and whose text lies in another collection.

    Args:
        archive: The folder, with what the run has done.
        collection: That of the run.
    """
    files = _finished_files(archive)
    there = [file.path for file in files if archive.collection_of(file.path) != collection]
    if not there:
        return 0
    here = [file.path for file in files if archive.collection_of(file.path) == collection]
    only_there = np.setdiff1d(_ok_pages(archive, there), _ok_pages(archive, here))
    portions = (portion_file(archive.portions, "pages", n) for n in portion_names(archive.portions))
    found = _short_keys(
        rows.filter(pc.is_in(rows["reason"], value_set=pa.array(NOT_READ)))
        for path in portions
        for rows in archive.read_batches(path, ["page_uri", "reason"])
    )
    return int(np.isin(np.unique(found), only_there).sum())


def _ok_pages(archive: Archive, paths: Sequence[str]) -> np.ndarray:
    return _short_keys(
        rows.filter(pc.equal(rows["status"], "ok"))
        for path in paths
        for rows in archive.read_batches(path, ["page_uri", "status"])
    )


def _short_keys(batches: Iterable[pa.RecordBatch]) -> np.ndarray:
    keys = [short_keys(rows["page_uri"].to_pylist()) for rows in batches]
    return np.concatenate([np.empty(0, np.int64), *keys])


class _PagesFile(NamedTuple):
    """A file of `pages`: of a run, counted from the newest, that read with some digest."""

    number: int
    digest: str
    path: str


def _finished_files(archive: Archive) -> list[_PagesFile]:
    runs = sorted(archive.finished_runs(), key=lambda run: run["run_id"], reverse=True)
    return [
        _PagesFile(number, digest_of(run["model_digest"], run["preprocess_digest"]), path)
        for number, run in enumerate(runs, 2)
        for path in archive.files_of("pages", run["run_id"])
    ]


def _unfinished_files(archive: Archive) -> list[_PagesFile]:
    run = _unfinished_run(archive)
    names = portion_names(archive.portions) if run else []
    paths = (portion_file(archive.portions, "pages", name) for name in names)
    return [_PagesFile(1, run.digest, path) for path in paths]


def _unfinished_run(archive: Archive) -> RunStart | None:
    if first_existing([archive.run_start]) is None:
        return None
    try:
        return RunStart.from_json(read_bytes(archive.run_start).decode())
    except ValueError as error:
        raise UsageError(f"{archive.unfinished}: {error}") from None


def _keys(
    archive: Archive, files: Sequence[_PagesFile], digest: str, keys_of: Callable[..., bytes]
) -> Iterator[bytes]:
    """Make the keys of pages that need no reading, and of what failed; newest files come first."""
    batches = (rows for file in files for rows in archive.read_batches(file.path, _NAMES))
    names = np.concatenate([np.empty(0, np.int64), *(short_keys(_names(rows)) for rows in batches)])
    names.sort()
    # Of two pages that share a key the older one is read once more.
    is_read = np.zeros(len(names), bool)
    newest = np.zeros(len(names), np.int32)
    for file in files:
        columns = [*_NAMES, *_FACTS, *(_DIGESTS if file.digest == digest else [])]
        for rows in archive.read_batches(file.path, columns):
            uris = rows["page_uri"].to_pylist()
            places = np.searchsorted(names, short_keys(uris))
            has_failed = _is_in(rows["status"], "failed")
            is_newest = ~has_failed & ~_is_in(rows["reason"], *NOT_READ) & ~is_read[places]
            is_read[places[is_newest]] = True
            if file.digest == digest:
                digests = (rows[name].to_pylist() for name in _DIGESTS)
                known = compress(zip(uris, *digests), is_newest)
                # In pieces: a list of ten million keys takes four times their bytes.
                yield b"".join(
                    keys_of(uri, sha256, lines_sha256, digest)
                    for uri, lines_sha256, *image_digests in known
                    for sha256 in image_digests
                    if sha256 is not None
                )
            # As the views have it: a document fails no more once a run has found its pages.
            is_failing = has_failed & np.isin(newest[places], (0, file.number))
            yield b"".join(map(failing_key, compress(uris, is_failing)))
            places = np.searchsorted(names, short_keys(_names(rows)))
            newest[places[newest[places] == 0]] = file.number


def _names(rows: pa.RecordBatch) -> list[str]:
    """List the pages of some rows, and the documents that they are of."""
    return [*rows["page_uri"].to_pylist(), *rows["document"].unique().to_pylist()]


def _is_in(column: pa.Array, *values: str) -> np.ndarray:
    return pc.is_in(column, value_set=pa.array(values)).to_numpy(zero_copy_only=False)
