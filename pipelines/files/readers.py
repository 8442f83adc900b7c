"""Readers of an output on a disk: what they may still open is not deleted."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TRY_AGAIN_S = 0.2


def begin_reading(folder: str) -> int | None:
    """Say that this process reads the files in a folder, until it closes the descriptor or ends.

    Args:
        folder: A folder on a disk.

    Returns:
        The descriptor to close; None where the file system has no locks.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def without_readers(folder: str, wait_s: float = 0.0) -> Iterator[bool]:
    """Wait until no process reads the files in a folder, and keep new readers waiting.

    Args:
        folder: As for `begin_reading`.
        wait_s: Seconds to wait at most.

    Yields:
        Whether there are no readers; False also where that is not known.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        yield _lock(descriptor, wait_s)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, wait_s: float) -> bool:
    end = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_TRY_AGAIN_S)
        except OSError:
            # No locks here, as on some network disks: nobody can say that they read.
            return True
