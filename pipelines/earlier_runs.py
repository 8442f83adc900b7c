"""What earlier runs have done: pages that need no reading, and a run that was killed."""

from __future__ import annotations

from collections.abc import Iterator

from model.key_set import sorted_keys
from pipelines.archive import Archive, read_batches
from pipelines.options import UsageError
from pipelines.publish import publish
from pipelines.runs import RunStart, digest_of
from pipelines.transforms.describe import page_key
from pipelines.transforms.files import first_existing, read_bytes, write_bytes
from pipelines.transforms.portions import portion_names

_COLUMNS = ["page_uri", "status", "sha256", "lines_sha256"]


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

    Args:
        archive: The folder.
        digest: Names model and preprocessing.
        path: File for the keys, which `model.key_set.KeySet` reads.
    """
    write_bytes(path, sorted_keys(_keys(archive, digest)))


def _keys(archive: Archive, digest: str) -> Iterator[bytes]:
    for run in archive.finished_runs():
        if digest_of(run["model_digest"], run["preprocess_digest"]) != digest:
            continue
        for path in archive.files_of("pages", run["run_id"]):
            for rows in read_batches(path, _COLUMNS):
                columns = (column.to_pylist() for column in rows.columns)
                # In pieces: a list of ten million keys takes four times their bytes.
                yield b"".join(
                    page_key(uri, sha256, lines_sha256, digest)
                    for uri, status, sha256, lines_sha256 in zip(*columns)
                    if status != "failed"
                )
