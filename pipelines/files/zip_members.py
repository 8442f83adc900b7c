"""Members of zip archives as files: `export.zip#/page/0001.xml` is read without unpacking."""

from __future__ import annotations

import io
import os
import re
import stat
import threading
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import is_bucket

EXTENSION = ".zip"
# With the slash, the folder of a member at the top is the archive, and not the archive's folder.
_MEMBER = re.compile(r"(.+?\.zip)#(/.+)", re.IGNORECASE | re.DOTALL)
_MOST_MEMBERS = 200_000
LARGEST_MEMBER_BYTES = 1 << 29
# Scans hardly shrink and XML to a tenth; what grows more than this, and to this size, is a bomb.
_LARGEST_RATIO = 100
_ALWAYS_READ_BYTES = 1 << 28


def is_archive(uri: str) -> bool:
    """Return whether a file is a zip archive, by its name.

    Example:
        >>> is_archive("d/x.ZIP"), is_archive("d/x.zip#/a.xml")
        (True, False)
    """
    return uri.lower().endswith(EXTENSION)


def split_member(uri: str) -> tuple[str, str] | None:
    """Split the URI of a member into archive and member; None for other files.

    Example:
        >>> split_member("d/x.zip#/page/a.xml"), split_member("d/x.zip")
        (('d/x.zip', 'page/a.xml'), None)
    """
    found = _MEMBER.fullmatch(uri)
    return (found[1], found[2][1:]) if found else None


def list_members(archive: str) -> list[str]:
    """List the URIs of the files in an archive.

    Args:
        archive: The archive.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is damaged or encrypted, in another archive, or unpacks to too much.
    """
    return [f"{archive}#/{name}" for name in _open_archive(archive).infos]


def archive_fault(archive: str) -> str:
    """Return why an archive cannot be read, with the cure; empty if it can."""
    try:
        members = list_members(archive)
    except (OSError, ValueError) as error:
        return str(error)
    return "" if members else f"{archive}: no file in it; remove it"


def has_member(archive: str, member: str) -> bool:
    """Return whether an archive that can be read has a member."""
    try:
        return member in _open_archive(archive).infos
    except (OSError, ValueError):
        return False


def read_member(archive: str, member: str) -> bytes:
    """Read a member whole.

    Args:
        archive: The archive.
        member: Path of the member in it.

    Raises:
        OSError: If archive or member does not exist, or is damaged.
    """
    try:
        return _open_archive(archive).read(member)
    except (ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise OSError(str(error)) from None


class _Archive:
    """An open archive; threads may read from it at the same time."""

    def __init__(self, archive: str):
        self._name = archive
        # Without this a file system would decompress by the name.
        self._file = FileSystems.open(archive, compression_type=CompressionTypes.UNCOMPRESSED)
        try:
            self._zip = zipfile.ZipFile(self._file)
            size = self._file.seek(0, io.SEEK_END)
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise ValueError(
                f"{archive}: not a whole zip archive ({error}); export it again"
            ) from None
        self.infos: Mapping[str, zipfile.ZipInfo] = {
            info.filename: info for info in self._zip.infolist() if _is_file(info)
        }
        self._check(size)
        self._lock = threading.Lock()

    def _check(self, size: int) -> None:
        if len(self.infos) > _MOST_MEMBERS:
            raise ValueError(
                f"{self._name}: more than {_MOST_MEMBERS:,} files in one archive; unpack it"
            )
        for name, info in self.infos.items():
            if name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0]:
                raise ValueError(f"{self._name}: file {name[:80]!r} leads out of it; unpack it")
            if info.flag_bits & 1:
                raise ValueError(f"{self._name}: encrypted; unpack it")
        total = sum(info.file_size for info in self.infos.values())
        if total > max(_ALWAYS_READ_BYTES, _LARGEST_RATIO * size):
            raise ValueError(
                f"{self._name}: unpacks to {total >> 20:,} MB, more than {_LARGEST_RATIO} times "
                "its size; unpack it if that is right"
            )

    def read(self, member: str) -> bytes:
        info = self.infos.get(member)
        if info is None:
            raise FileNotFoundError(f"{self._name}#/{member}: not in the archive")
        if info.file_size > LARGEST_MEMBER_BYTES:
            raise ValueError(
                f"{self._name}#/{member}: larger than {LARGEST_MEMBER_BYTES >> 20} MB; unpack it"
            )
        with self._lock, self._zip.open(info) as file:
            try:
                # No more than it states, and checked.
                return file.read()
            except (zipfile.BadZipFile, EOFError, zlib.error) as error:
                raise OSError(
                    f"{self._name}#/{member}: damaged ({error}); export the archive again"
                ) from None


def _is_file(info: zipfile.ZipInfo) -> bool:
    # What is not a folder, nor a link to another file.
    return not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16)


def _open_archive(archive: str) -> _Archive:
    if split_member(archive):
        raise ValueError(f"{archive}: archive in an archive; unpack the outer one")
    is_local = not is_bucket(archive)
    state = os.stat(archive) if is_local else None
    return _opened(archive, (state.st_mtime_ns, state.st_size) if state else None)


# Its directory is read once, not for every page.
@lru_cache(maxsize=8)
def _opened(archive: str, state: tuple[int, int] | None) -> _Archive:
    return _Archive(archive)
