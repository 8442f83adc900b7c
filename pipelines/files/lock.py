"""A lock that allows one run at a time per output."""

from __future__ import annotations

import fcntl
import os
import posixpath
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import make_folder, read_bytes, write_bytes, writing

_LOCK_FILE = "lock"


@contextmanager
def run_lock(folder: str) -> Iterator[None]:
    """Lock a folder that a run fills while the context lasts.

    Args:
        folder: The folder; it must exist. On a disk, a file stays in it.

    Raises:
        UsageError: If another run holds the lock.
    """
    with _lock(f"{folder}/{_LOCK_FILE}", folder, is_kept=True):
        yield


@contextmanager
def output_lock(output: str) -> Iterator[None]:
    """Lock an output that appears as a whole while the context lasts.

    Args:
        output: Folder to be written. On a disk, the folder that it lies in is created.

    Raises:
        UsageError: If another run holds the lock.
    """
    if "://" not in output:
        make_folder(os.path.dirname(output.rstrip("/")), output)
    with _lock(lock_beside(output), output, is_kept=False):
        yield


def lock_beside(output: str) -> str:
    """Return the file that locks an output.

    Example:
        >>> lock_beside("out/dataset/"), lock_beside("dataset")
        ('out/.dataset.lock', '.dataset.lock')
    """
    folder, name = posixpath.split(output.rstrip("/"))
    return posixpath.join(folder, f".{name}.{_LOCK_FILE}")


@contextmanager
def _lock(path: str, place: str, is_kept: bool) -> Iterator[None]:
    """Hold a lock.

    On a disk it ends with its process, even if that is killed. In a bucket it is a file, which a
    killed run leaves behind.
    """
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    if "://" in path:
        with _lock_file(path, holder):
            yield
        return
    descriptor = _open_locked(path, place)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
    finally:
        if not is_kept and _is_at(descriptor, path):
            os.remove(path)
        os.close(descriptor)


def _open_locked(path: str, place: str) -> int:
    while True:
        with writing(place):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(descriptor, 1000).decode(errors="replace")
            os.close(descriptor)
            raise UsageError(f"{place}: another run ({other}) writes here; wait for it") from None
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
        raise UsageError(
            f"{lock}: another run ({other}) writes here; wait for it, "
            "or delete this file if that run was killed"
        )
    write_bytes(lock, holder.encode())
    try:
        yield
    finally:
        if FileSystems.exists(lock):
            FileSystems.delete([lock])
