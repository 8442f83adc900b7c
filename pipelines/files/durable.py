"""Files that are on the disk once they have their name, also after a power cut."""

from __future__ import annotations

import os

from pipelines.buckets.store import is_bucket
from pipelines.files.filesystem import write_bytes


def write_durably(uri: str, data: bytes) -> None:
    """Write a file atomically, so that it survives a power cut once this returns.

    Args:
        uri: The file, on a disk or in a bucket.
        data: Its content.
    """
    if is_bucket(uri):
        write_bytes(uri, data)
        return
    write_bytes(f"{uri}.part", data)
    rename_durably(f"{uri}.part", uri)


def rename_durably(old: str, new: str) -> None:
    """Rename a file, so that its content and its name survive a power cut once this returns.

    Args:
        old: The file, closed, on a disk.
        new: Its new name, in the same folder.
    """
    flush(old)
    os.replace(old, new)
    # Only POSIX lets a folder be opened.
    if os.name == "posix":
        flush(os.path.dirname(new) or os.curdir)


def flush(path: str) -> None:
    """Have a file, or the names in a folder, on the disk once this returns.

    Args:
        path: The file or folder.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
