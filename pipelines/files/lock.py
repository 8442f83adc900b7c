"""A lock that allows one run at a time per output, or the parts of one run."""

from __future__ import annotations

import errno
import fcntl
import os
import posixpath
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import is_bucket, store_of
from pipelines.cli.interruption import is_interrupted
from pipelines.cli.options import OutputBusy, UsageError
from pipelines.files.bucket_lock import LockTaken, bucket_lock, refuse_shared, shared_mark
from pipelines.files.filesystem import make_folder, read_bytes, write_bytes, writing

_LOCK_FILE = "lock"
_POLL_S, _BUCKET_POLL_S, _SILENT_S = 0.1, 1.0, 5.0
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_REFUSAL = "{place}: another run ({other}) writes here; wait for it"
# Raises `GivenUp` if a lock is lost, as can happen in a bucket.
Check = Callable[[], None]


@contextmanager
def run_lock(folder: str) -> Iterator[Check]:
    """Lock a folder that a run fills while the context lasts.

    Args:
        folder: The folder; it must exist. On a disk, a file stays in it.

    Yields:
        A function that raises `GivenUp` if the lock is lost, as can happen in a bucket; call it
        before what only one run may do.

    Raises:
        UsageError: If another run holds the lock, or processes that fill it together do.
    """
    path = f"{folder}/{_LOCK_FILE}"
    with _lock(path, folder, is_kept=True) as check:
        yield check


@contextmanager
def shared_lock(folder: str, holder: str) -> Iterator[Check]:
    """Lock a folder that several processes fill together; it and `run_lock` exclude each other.

    Args:
        folder: The folder; it must exist.
        holder: Which process this is.

    Yields:
        As `run_lock`.

    Raises:
        UsageError: If a process that fills it alone holds the lock.
    """
    with _shared(f"{folder}/{_LOCK_FILE}", folder, holder) as check:
        yield check


@contextmanager
def shared_output_lock(output: str, holder: str) -> Iterator[Check]:
    """Lock an output for processes that write it together; as `shared_lock`, with `output_lock`.

    Args:
        output: Folder to be written.
        holder: Which process this is.
    """
    if not is_bucket(output):
        make_folder(os.path.dirname(output.rstrip("/")), output)
    with _shared(lock_beside(output), output, holder) as check:
        yield check


@contextmanager
def _shared(path: str, place: str, holder: str) -> Iterator[Check]:
    holder = f"{holder} on {_this_process()}"
    if store := store_of(path):
        with shared_mark(store, path, holder, _REFUSAL) as mark:
            yield mark.check
        return
    descriptor = _open_locked(path, place, _REFUSAL, fcntl.LOCK_SH)
    with _held(descriptor, path, holder, is_kept=True):
        yield _held_for_sure


@contextmanager
def lone_lock(path: str, refusal: str, waits: bool = False) -> Iterator[Check]:
    """Hold a lock that another process must not have; its file is removed afterwards.

    Args:
        path: File of the lock, or an object in a bucket that keeps conditions.
        refusal: What is said of another holder, in place of '{other}'.
        waits: Whether to wait, in a bucket, until it is known whether another holder has died.

    Yields:
        As `run_lock`.

    Raises:
        UsageError: If another process holds the lock.
    """
    if store := store_of(path):
        with bucket_lock(store, path, _this_process(), refusal, waits) as lock:
            yield lock.check
        return
    descriptor = _open_locked(path, path, refusal)
    with _held(descriptor, path, _this_process(), is_kept=False):
        yield _held_for_sure


@contextmanager
def waiting_lock(path: str, holder: str, limit_s: float) -> Iterator[Check]:
    """Wait for a lock and hold it; on a disk, its file stays.

    Args:
        path: File of the lock, or an object in a bucket that keeps conditions.
        holder: Which process this is, for those that wait for it.
        limit_s: Seconds to wait.

    Yields:
        As `run_lock`.

    Raises:
        UsageError: If another process has held it for longer.
        RuntimeError: If this process is asked to stop meanwhile.
    """
    started, is_said = time.monotonic(), False
    holder = f"{holder} on {_this_process()}"
    with ExitStack() as held:
        while True:
            try:
                check = held.enter_context(_tried(path, holder))
                break
            except LockTaken as error:
                waited_s = time.monotonic() - started
                if waited_s > limit_s:
                    raise UsageError(
                        f"{path} has been held by {error.holder} for {waited_s / 60:.0f} minutes; "
                        "see whether that process hangs, end it, and run this command again"
                    ) from None
                if waited_s > _SILENT_S and not is_said:
                    said = f"waiting for {error.holder}, which begins or publishes the run"
                    print(said, file=sys.stderr)
                    is_said = True
            if is_interrupted():
                raise RuntimeError("interrupted")
            time.sleep(_BUCKET_POLL_S if is_bucket(path) else _POLL_S)
        yield check


@contextmanager
def _tried(path: str, holder: str) -> Iterator[Check]:
    if store := store_of(path):
        with bucket_lock(store, path, holder) as lock:
            yield lock.check
        return
    with _held(_open_locked(path, path, _REFUSAL), path, holder, is_kept=True):
        yield _held_for_sure


@contextmanager
def output_lock(output: str) -> Iterator[Check]:
    """Lock an output that appears as a whole while the context lasts.

    Args:
        output: Folder to be written. On a disk, the folder that it lies in is created.

    Yields:
        As `run_lock`.

    Raises:
        UsageError: If another run holds the lock.
    """
    if not is_bucket(output):
        make_folder(os.path.dirname(output.rstrip("/")), output)
    with _lock(lock_beside(output), output, is_kept=False) as check:
        yield check


def lock_beside(output: str) -> str:
    """Return the file that locks an output.

    Example:
        >>> lock_beside("out/dataset/"), lock_beside("dataset")
        ('out/.dataset.lock', '.dataset.lock')
    """
    folder, name = posixpath.split(output.rstrip("/"))
    return posixpath.join(folder, f".{name}.{_LOCK_FILE}")


@contextmanager
def _lock(path: str, place: str, is_kept: bool) -> Iterator[Check]:
    """Hold a lock.

    On a disk it ends with its process, even if that is killed. In a bucket it expires some minutes
    later; in a store without conditions it is a file, which a killed run leaves behind.
    """
    if store := store_of(path):
        with bucket_lock(store, path, _this_process()) as lock:
            refuse_shared(store, path, _REFUSAL)
            yield lock.check
        return
    if is_bucket(path):
        with _lock_file(path, _this_process()):
            yield _held_for_sure
        return
    with _held(_open_locked(path, place, _REFUSAL), path, _this_process(), is_kept):
        yield _held_for_sure


def _held_for_sure() -> None:
    """Do nothing: a lock on a disk is not lost."""


def _this_process() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"


@contextmanager
def _held(descriptor: int, path: str, holder: str, is_kept: bool) -> Iterator[None]:
    """Write into the file of a lock who holds it, and give it back afterwards."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
    finally:
        if not is_kept and _is_at(descriptor, path):
            os.remove(path)
        os.close(descriptor)


def _open_locked(path: str, place: str, refusal: str, kind: int = fcntl.LOCK_EX) -> int:
    while True:
        with writing(place):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(descriptor, 1000).decode(errors="replace")
            os.close(descriptor)
            raise LockTaken(refusal.format(place=place, other=other), other) from None
        except OSError as error:
            os.close(descriptor)
            if error.errno not in _NO_LOCKS:
                raise
            raise UsageError(
                f"{path}: files cannot be locked there ({error.strerror}), so two runs could write "
                "at once; mount the disk with locks (Lustre: -o flock), or give another --output"
            ) from None
        # Its holder may have removed it after it was opened here.
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


@contextmanager
def _lock_file(lock: str, holder: str) -> Iterator[None]:
    if FileSystems.exists(lock):
        other = read_bytes(lock).decode(errors="replace")
        raise OutputBusy(
            f"{lock}: another run ({other}) writes here; wait for it, "
            "or delete this file if that run was killed"
        )
    write_bytes(lock, holder.encode())
    try:
        yield
    finally:
        if FileSystems.exists(lock):
            FileSystems.delete([lock])
