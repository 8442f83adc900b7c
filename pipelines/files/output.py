"""Output that appears only when complete: it is written beside its place, then renamed.

In a bucket a rename is a copy. There it is written on this machine and then copied to its place,
the file that marks it as complete last; an older output is deleted just before, its mark first. If
other machines write it, they do so in its place.
"""

from __future__ import annotations

import glob
import os
import posixpath
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import Store, delete_all, is_bucket, store_of, upload_all
from pipelines.cli.main_process import is_running
from pipelines.cli.options import UsageError
from pipelines.files.filesystem import beneath_pattern, make_folder, starts_beneath
from pipelines.files.lock import Check, lock_beside, output_lock
from pipelines.files.objects import is_there, matching_objects

# A file in each folder that `whole_output` wrote: no other folder is ever replaced.
COMPLETE = ".quire"
# In a bucket, an object of an output that is being copied to its place.
COPYING = ".quire-copying"
_PARTIAL, _REPLACED, _SCRATCH, PARTS = ".partial", ".replaced", ".scratch-", ".parts"
_HOST = re.sub("[^A-Za-z0-9]", "_", socket.gethostname())


def is_own(output: str) -> bool:
    """Return whether a folder was written by `whole_output`."""
    return is_there(f"{output.rstrip('/')}/{COMPLETE}")


def check_free(output: str, overwrite: bool) -> None:
    """Check that an output may be written: it is new, or an older output to overwrite.

    Args:
        output: Folder to be written.
        overwrite: Whether it may exist.

    Raises:
        UsageError: If it exists and must not, or was not written by `whole_output`.
    """
    output = output.rstrip("/")
    if not is_there(output) or (is_cut_off(output) and is_bucket(output)):
        return
    if not overwrite:
        raise UsageError(f"{output} exists; give --overwrite to replace it, or another --output")
    if not is_own(output):
        raise UsageError(
            f"{output} was not written by Quire (there is no {COMPLETE} in it); "
            "give another --output, or remove it yourself"
        )


def is_cut_off(output: str) -> bool:
    """Return whether a folder in a bucket was not copied to its end."""
    return is_there(f"{output.rstrip('/')}/{COPYING}") and not is_own(output)


@contextmanager
def whole_output(output: str, overwrite: bool = False, is_elsewhere: bool = False) -> Iterator[str]:
    """Provide a folder to write in that becomes the output if no error is raised.

    An older output is replaced only then; after an error it is unchanged.

    Args:
        output: Folder to be written.
        overwrite: Whether it may exist.
        is_elsewhere: Whether other machines write it, too. In a bucket they write in its place at
            once, where an older output is deleted first.

    Yields:
        The folder to write in.

    Raises:
        UsageError: If the output exists and must not, or was not written by `whole_output`, or
            another run is writing it.
    """
    output = output.rstrip("/")
    with output_lock(output) as still_held:
        check_free(output, overwrite)
        store = store_of(output)
        if store:
            way = _in_place if is_elsewhere else _copied
            with way(store, output, still_held) as staging:
                yield staging
            return
        with _staged(output) as staging:
            yield staging


@contextmanager
def _in_place(store: Store, output: str, still_held: Check) -> Iterator[str]:
    _clear(store, output)
    try:
        yield output
        still_held()
        _complete(store, output)
    except BaseException:
        discard(output)
        raise


@contextmanager
def _copied(store: Store, output: str, still_held: Check) -> Iterator[str]:
    with TemporaryDirectory(prefix="quire-") as folder:
        yield folder
        found = (path for path in Path(folder).rglob("*") if path.is_file())
        files = {str(path): f"{output}/{path.relative_to(folder).as_posix()}" for path in found}
        still_held()
        _clear(store, output)
        upload_all(store, files)
        still_held()
        _complete(store, output)


def _clear(store: Store, output: str) -> None:
    """Delete an older output in a bucket, and mark it as one that is being written."""
    # While both marks are there, the older output is complete.
    store.write(copying := f"{output}/{COPYING}", b"")
    store.delete(f"{output}/{COMPLETE}")
    delete_all([name for name in store.names(f"{output}/") if name != copying])


def _complete(store: Store, output: str) -> None:
    store.write(f"{output}/{COMPLETE}", b"")
    store.delete(f"{output}/{COPYING}")


def begin_together(output: str, staging: str) -> None:
    """Prepare the folder in which several processes write an output, `written_together`.

    Args:
        output: Folder to be written, which `check_free` allows.
        staging: Folder beside it; not needed in a bucket.
    """
    if store := store_of(output):
        _clear(store, output)
        return
    discard(staging)
    make_folder(staging, output)


def written_together(output: str, staging: str) -> str:
    """Return the folder in which several processes write an output; arguments likewise."""
    return output if is_bucket(output) else staging


def end_together(output: str, staging: str) -> None:
    """Let an output appear that several processes have written; arguments likewise."""
    if store := store_of(output):
        _complete(store, output)
    else:
        _replace(staging, output)


@contextmanager
def _staged(output: str) -> Iterator[str]:
    staging = f"{output}{_PARTIAL}"
    discard(staging)
    make_folder(staging, output)
    try:
        yield staging
        _replace(staging, output)
    finally:
        discard(staging)


def _replace(staging: str, output: str) -> None:
    replaced = f"{output}{_REPLACED}"
    FileSystems.create(f"{staging}/{COMPLETE}").close()
    discard(replaced)
    if FileSystems.exists(output):
        FileSystems.rename([output], [replaced])
    FileSystems.rename([staging], [output])
    discard(replaced)


def output_starts(output: str, *names: str) -> tuple[str, ...]:
    """Return the path prefixes of files that `whole_output` writes or replaces.

    Args:
        output: Folder to be written.
        names: Names of the files and folders written in it, folders with a '/'.
    """
    output = output.rstrip("/")
    folders = (f"{output}{ending}" for ending in ("", _PARTIAL, _REPLACED))
    starts = [start for folder in folders for start in starts_beneath(folder, COMPLETE, *names)]
    return (*starts, *starts_beneath(f"{output}{PARTS}", ""), *lock_starts(output))


def lock_starts(output: str) -> tuple[str, ...]:
    """Return the path of the lock of an output, as `output_starts` does."""
    folder, name = posixpath.split(lock_beside(output))
    return starts_beneath(folder or os.curdir, name)


@contextmanager
def scratch_folder(output: str) -> Iterator[str]:
    """Provide a temporary folder beside an output, and delete it afterwards.

    Those that killed processes of this machine left beside the same output are deleted, too.

    Args:
        output: The output; it is not changed. For one in a bucket, the folder is where those of
            other programs are.

    Yields:
        The folder.
    """
    if is_bucket(output):
        with TemporaryDirectory(prefix="quire-") as folder:
            yield folder
        return
    start = f"{output.rstrip('/')}{_SCRATCH}{_HOST}-"
    _clear_left_over(start)
    scratch = f"{start}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    make_folder(scratch, output)
    try:
        yield scratch
    finally:
        discard(scratch)


def _clear_left_over(start: str) -> None:
    for path in glob.glob(f"{glob.escape(start)}*"):
        process = path[len(start) :].partition("-")[0]
        if process.isdecimal() and not is_running(int(process)):
            discard(path)


def move_folder(old: str, new: str) -> None:
    """Give a folder another name; in a bucket its objects are copied, and then deleted."""
    store = store_of(old)
    if store is None:
        FileSystems.rename([old], [new])
        return
    names = list(store.names(f"{old}/"))
    for name in names:
        store.copy(name, f"{new}{name.removeprefix(old)}")
    delete_all(names)


def discard(path: str) -> None:
    """Delete a file or folder if it exists."""
    if is_bucket(path):
        delete_all([path, *matching_objects(beneath_pattern(path))])
        return
    if FileSystems.exists(path):
        FileSystems.delete([path])
