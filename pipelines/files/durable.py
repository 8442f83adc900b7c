"""Files that are on the disk once they have their name, also after a power cut."""

from __future__ import annotations

import os

from apache_beam.io.filesystems import FileSystems

from pipelines.files.filesystem import write_bytes


def write_durably(uri: str, data: bytes) -> None:
    """Write a file atomically, so that it survives a power cut once this returns.

    Args:
        uri: The file, on a disk or in a bucket.
        data: Its content.
    """
    write_bytes(f"{uri}.part", data)
    rename_durably(f"{uri}.part", uri)


def rename_durably(old: str, new: str) -> None:
    """Rename a file, so that its content and its name survive a power cut once this returns.

    Args:
        old: The file, closed.
        new: Its new name, in the same folder.
    """
    is_local = FileSystems.get_scheme(new) is None
    if is_local:
        _flush(old)
    FileSystems.rename([old], [new])
    # Only POSIX lets a folder be opened.
    if is_local and os.name == "posix":
        _flush(os.path.dirname(new) or os.curdir)


def _flush(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
