"""Output that appears only when complete: it is written beside its place, then renamed."""

from __future__ import annotations

import glob
import os
import posixpath
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.cli.main_process import is_running
from pipelines.cli.options import UsageError
from pipelines.files.bucket import delete_all, is_bucket
from pipelines.files.filesystem import beneath_pattern, make_folder, starts_beneath
from pipelines.files.lock import lock_beside, output_lock

# A file in each folder that `whole_output` wrote: no other folder is ever replaced.
_MARK = ".quire"
_PARTIAL, _REPLACED, _SCRATCH = ".partial", ".replaced", ".scratch-"
_HOST = re.sub("[^A-Za-z0-9]", "_", socket.gethostname())


def is_own(output: str) -> bool:
    """Return whether a folder was written by `whole_output`."""
    return FileSystems.exists(f"{output.rstrip('/')}/{_MARK}")


def check_free(output: str, overwrite: bool) -> None:
    """Check that an output may be written: it is new, or an older output to overwrite.

    Args:
        output: Folder to be written.
        overwrite: Whether it may exist.

    Raises:
        UsageError: If it exists and must not, or was not written by `whole_output`.
    """
    output = output.rstrip("/")
    if not FileSystems.exists(output):
        return
    if not overwrite:
        raise UsageError(f"{output} exists; give --overwrite to replace it, or another --output")
    if not is_own(output):
        raise UsageError(
            f"{output} was not written by Quire (there is no {_MARK} in it); "
            "give another --output, or remove it yourself"
        )


@contextmanager
def whole_output(output: str, overwrite: bool = False) -> Iterator[str]:
    """Provide a folder to write in that becomes the output if no error is raised.

    An older output is replaced only then; after an error it is unchanged.

    Args:
        output: Folder to be written.
        overwrite: Whether it may exist.

    Yields:
        The folder to write in.

    Raises:
        UsageError: If the output exists and must not, or was not written by `whole_output`, or
            another run is writing it.
    """
    output = output.rstrip("/")
    with output_lock(output):
        check_free(output, overwrite)
        with _staged(output) as staging:
            yield staging


@contextmanager
def _staged(output: str) -> Iterator[str]:
    staging, replaced = f"{output}{_PARTIAL}", f"{output}{_REPLACED}"
    discard(staging)
    make_folder(staging, output)
    try:
        yield staging
        FileSystems.create(f"{staging}/{_MARK}").close()
        discard(replaced)
        if FileSystems.exists(output):
            FileSystems.rename([output], [replaced])
        FileSystems.rename([staging], [output])
        discard(replaced)
    finally:
        discard(staging)


def output_starts(output: str, *names: str) -> tuple[str, ...]:
    """Return the path prefixes of files that `whole_output` writes or replaces.

    Args:
        output: Folder to be written.
        names: Names of the files and folders written in it, folders with a '/'.
    """
    output = output.rstrip("/")
    folders = (f"{output}{ending}" for ending in ("", _PARTIAL, _REPLACED))
    starts = [start for folder in folders for start in starts_beneath(folder, _MARK, *names)]
    return (*starts, *lock_starts(output))


def lock_starts(output: str) -> tuple[str, ...]:
    """Return the path of the lock of an output, as `output_starts` does."""
    folder, name = posixpath.split(lock_beside(output))
    return starts_beneath(folder or os.curdir, name)


@contextmanager
def scratch_folder(output: str) -> Iterator[str]:
    """Provide a temporary folder beside an output, and delete it afterwards.

    Those that killed processes of this machine left beside the same output are deleted, too.

    Args:
        output: The output; it is not changed.

    Yields:
        The folder.
    """
    start = f"{output.rstrip('/')}{_SCRATCH}{_HOST}-"
    _clear_left_over(start)
    scratch = f"{start}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    make_folder(scratch, output)
    try:
        yield scratch
    finally:
        discard(scratch)


def _clear_left_over(start: str) -> None:
    if FileSystems.get_scheme(start) is not None:
        return
    for path in glob.glob(f"{glob.escape(start)}*"):
        process = path[len(start) :].partition("-")[0]
        if process.isdecimal() and not is_running(int(process)):
            discard(path)


def discard(path: str) -> None:
    """Delete a file or folder if it exists."""
    if is_bucket(path):
        (match,) = FileSystems.match([beneath_pattern(path)])
        delete_all([path, *(metadata.path for metadata in match.metadata_list)])
        return
    if FileSystems.exists(path):
        FileSystems.delete([path])
