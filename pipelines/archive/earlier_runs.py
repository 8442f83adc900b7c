"""Earlier runs: which pages need not be read again, and publishing what a killed run did."""

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
    """Publish what a killed run has done, as an interrupted run.

    Args:
        archive: The output folder; this process holds its lock.

    Raises:
        AccountError: If the sums do not match.
        UsageError: If another version of Quire started that run.
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
    """Write the keys of all pages that need not be read, and of those that failed last time.

    Only the newest reading of a page counts, which is the one that the views show.

    Args:
        archive: The output folder.
        digest: Identifies model and preprocessing.
        path: File for the keys, to be read by `pipelines.files.key_set.KeySet`.
    """
    write_bytes(path, sorted_keys(_keys(archive, _finished_files(archive), digest, page_key)))


def write_planned_pages(archive: Archive, digest: str, path: str) -> None:
    """Write the keys for a dry run, which also counts pages of a killed run as known.

    Args:
        archive: The output folder, which is not changed.
        digest: Identifies model and preprocessing.
        path: File for the keys: those of `write_known_pages`, and `name_key` of each page.

    Raises:
        UsageError: If another version of Quire started the run that was killed.
    """

    def both_keys(*row: str) -> bytes:
        return page_key(*row) + name_key(row[0], digest)

    files = [*_unfinished_files(archive), *_finished_files(archive)]
    write_bytes(path, sorted_keys(_keys(archive, files, digest, both_keys)))


def count_elsewhere(archive: Archive, collection: str) -> int:
    """Return the number of pages that the run found unchanged and that are in other collections.

    Args:
        archive: The output folder, with what the run has done.
        collection: Collection of the run.
    """
    files = _finished_files(archive)
    others = [file.path for file in files if archive.collection_of(file.path) != collection]
    if not others:
        return 0
    own = [file.path for file in files if archive.collection_of(file.path) == collection]
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


class _PagesFile(NamedTuple):
    """A file of `pages`, with the number of its run (newest first) and the digest it read with."""

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
    """Yield the keys of pages that need not be read, and of those that failed.

    Args:
        archive: The output folder.
        files: Files of `pages`, newest first.
        digest: Identifies model and preprocessing.
        keys_of: Returns the keys for a URI, two digests and `digest`.
    """
    batches = (rows for file in files for rows in archive.read_batches(file.path, _NAMES))
    names = np.concatenate([np.empty(0, np.int64), *(short_keys(_names(rows)) for rows in batches)])
    names.sort()
    # If two pages have the same short key, the older one is read again.
    is_read = np.zeros(len(names), bool)
    newest = np.zeros(len(names), np.int32)
    for file in files:
        columns = [*_NAMES, *_FACTS, *(_DIGESTS if file.digest == digest else [])]
        for rows in archive.read_batches(file.path, columns):
            uris = rows["page_uri"].to_pylist()
            positions = np.searchsorted(names, short_keys(uris))
            has_failed = _is_in(rows["status"], "failed")
            is_newest = ~has_failed & ~_is_in(rows["reason"], *NOT_READ) & ~is_read[positions]
            is_read[positions[is_newest]] = True
            if file.digest == digest:
                digests = (rows[name].to_pylist() for name in _DIGESTS)
                known = compress(zip(uris, *digests), is_newest)
                # Joined by batch: a list of ten million keys takes four times their bytes.
                yield b"".join(
                    keys_of(uri, sha256, lines_sha256, digest)
                    for uri, lines_sha256, *image_digests in known
                    for sha256 in image_digests
                    if sha256 is not None
                )
            # As in the views, a document no longer fails once a run has found its pages.
            is_failing = has_failed & np.isin(newest[positions], (0, file.number))
            yield b"".join(map(failing_key, compress(uris, is_failing)))
            positions = np.searchsorted(names, short_keys(_names(rows)))
            newest[positions[newest[positions] == 0]] = file.number


def _names(rows: pa.RecordBatch) -> list[str]:
    """Return the pages of some rows, and the documents that contain them."""
    return [*rows["page_uri"].to_pylist(), *rows["document"].unique().to_pylist()]


def _is_in(column: pa.Array, *values: str) -> np.ndarray:
    return pc.is_in(column, value_set=pa.array(values)).to_numpy(zero_copy_only=False)
