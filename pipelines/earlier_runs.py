"""What earlier runs have done: pages that need no reading, and a run that was killed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress

import numpy as np
import pyarrow.compute as pc

from model.key_set import short_keys, sorted_keys
from pipelines.archive import Archive, read_batches
from pipelines.options import UsageError
from pipelines.publish import publish
from pipelines.runs import RunStart, digest_of
from pipelines.transforms.describe import page_key
from pipelines.transforms.files import first_existing, read_bytes, write_bytes
from pipelines.transforms.portions import portion_names

_DIGESTS = ["sha256", "lines_sha256"]


def publish_interrupted(archive: Archive) -> None:
    """Put what a killed run has done into the tables, as a run that was interrupted.

    Args:
        archive: The folder; this process has its lock.

    Raises:
        AccountError: If the sums do not close.
        UsageError: If another version of Quire began that run.
    """
    if first_existing([archive.run_start]) is None:
        return
    try:
        run = RunStart.from_json(read_bytes(archive.run_start).decode())
    except ValueError as error:
        raise UsageError(f"{archive.unfinished}: {error}") from None
    is_published = first_existing([archive.run_file(run.run_id)]) is not None
    if is_published or not portion_names(archive.portions):
        archive.clear_unfinished()
    else:
        publish(archive, run, None)


def write_known_pages(archive: Archive, digest: str, path: str) -> None:
    """Write the keys of all pages that need no reading.

    Of each page the newest reading alone counts: it is the one that the tables show.

    Args:
        archive: The folder.
        digest: Names model and preprocessing.
        path: File for the keys, which `model.key_set.KeySet` reads.
    """
    write_bytes(path, sorted_keys(_keys(archive, digest)))


def _keys(archive: Archive, digest: str) -> Iterator[bytes]:
    runs = sorted(archive.finished_runs(), key=lambda run: run["run_id"], reverse=True)
    files = [(run, path) for run in runs for path in archive.files_of("pages", run["run_id"])]
    pages = np.concatenate(
        [
            np.empty(0, np.int64),
            *(short_keys(uris) for _, path in files for (uris,) in _read(path, [])),
        ]
    )
    pages.sort()
    # Of two pages that share a key the older one is read once more.
    is_read = np.zeros(len(pages), bool)
    for run, path in files:
        is_same = digest_of(run["model_digest"], run["preprocess_digest"]) == digest
        for uris, *digests in _read(path, _DIGESTS if is_same else []):
            places = np.searchsorted(pages, short_keys(uris))
            is_newest = ~is_read[places]
            is_read[places] = True
            if is_same:
                rows = compress(zip(uris, *digests), is_newest)
                # In pieces: a list of ten million keys takes four times their bytes.
                yield b"".join(page_key(*row, digest) for row in rows)


def _read(path: str, columns: list[str]) -> Iterator[list[list[str]]]:
    """Read names of the pages that did not fail, and more of each, a few thousand at a time."""
    for rows in read_batches(path, ["page_uri", "status", *columns]):
        uris, status, *others = rows.columns
        did_not_fail = pc.not_equal(status, "failed")
        yield [column.filter(did_not_fail).to_pylist() for column in (uris, *others)]
