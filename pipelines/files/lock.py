"""A lock that allows one run at a time per output."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import read_bytes, write_bytes
from pipelines.files.output import discard

_LOCK_FILE = "lock"


@contextmanager
def run_lock(folder: str) -> Iterator[None]:
    """Lock a folder while the context lasts.

    On a disk the lock ends with its process, even if that is killed. In a bucket it is a file,
    which a killed run leaves behind.

    Args:
        folder: The folder; it must exist.

    Raises:
        UsageError: If another run holds the lock.
    """
    lock = f"{folder}/{_LOCK_FILE}"
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    if "://" in folder:
        with _lock_file(lock, holder):
            yield
        return
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(descriptor, 1000).decode(errors="replace")
            raise UsageError(f"{folder}: another run ({other}) writes here; wait for it") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
    finally:
        os.close(descriptor)


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
        discard(lock)
