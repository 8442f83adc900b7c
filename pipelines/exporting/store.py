"""Where the files of an export are written: a folder, or a zip file a format."""

from __future__ import annotations

import errno
import json
import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import read_bytes, write_bytes, write_whole
from pipelines.files.output import discard

# Lists the files of an export and the page that each is of, for a later one that updates it.
_LIST = ".quire-files"
_MOST_REMARKS = 10
# Of a ZIP file; equal tables are to give equal files.
_SOME_TIME = (1980, 1, 1, 0, 0, 0)


class Store:
    """The folder of an export that is being written.

    Args:
        folder: The folder.
        is_zipped: Whether what lies in a folder of it is one zip file instead.
        archive: Name of the zip file if there is one for all folders; empty for one each.
        updates: Whether files may be there that an earlier export wrote.
    """

    def __init__(
        self, folder: str, is_zipped: bool = False, archive: str = "", updates: bool = False
    ):
        self._folder, self._is_zipped, self._updates = folder, is_zipped, updates
        self._archive_name = archive
        self._archives: dict[str, tuple[zipfile.ZipFile, BinaryIO]] = {}
        self._pages: dict[str, str] = _listed(folder)["files"] if updates else {}
        self._count = 0
        self.remarks: list[str] = []
        self._remark_count = 0
        self._written: set[str] = set()

    @property
    def file_count(self) -> int:
        """Files written."""
        return self._count

    def remark(self, text: str) -> None:
        """Keep what is to be said at the end, the first ones in full."""
        self._remark_count += 1
        if self._remark_count <= _MOST_REMARKS:
            self.remarks.append(text)
        elif self._remark_count == _MOST_REMARKS + 1:
            self.remarks.append("and more of them")

    def write(self, path: str, data: bytes, page_uri: str = "") -> None:
        """Write a file that this export has not written yet, completely or not at all.

        Args:
            path: Its path in the export.
            data: Its content.
            page_uri: The page that it is of; empty for none.

        Raises:
            FileExistsError: If another page has the file.
            UsageError: If the disk is full.
        """
        if path in (self._written if self._updates else self._pages):
            name = posixpath.basename(path)
            raise FileExistsError(f"another page has the file {name} already; rename one image")
        folder, _, name = path.partition("/")
        if self._archive_name:
            folder, name = self._archive_name, path
        if self._is_zipped and name:
            self._archive(folder).writestr(_entry(name), data)
        else:
            self._write_file(f"{self._folder}/{path}", data)
        self._note(path, page_uri)

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """Open a file that is no page's, to be written piece by piece."""
        with self.full_is_usage(path):
            full = f"{self._folder}/{path}"
            kind = CompressionTypes.UNCOMPRESSED
            with FileSystems.create(full, compression_type=kind) as file:
                yield file
        self._note(path)

    def remove_gone(self, page_uris: set[str]) -> int:
        """Delete the files of pages that are not there any more; return how many.

        Args:
            page_uris: The pages that are there.
        """
        gone = [path for path, uri in self._pages.items() if uri and uri not in page_uris]
        for path in gone:
            discard(f"{self._folder}/{path}")
            del self._pages[path]
        return len(gone)

    def close(self, newest_run: str) -> None:
        """Write what belongs to no single file.

        Args:
            newest_run: The newest run that read one of the pages.
        """
        for archive, file in self._archives.values():
            archive.close()
            file.close()
        known = {"newest_run": newest_run, "files": self._pages}
        text = json.dumps(known, ensure_ascii=False, indent=0).encode("utf-8", "surrogateescape")
        self._write_file(f"{self._folder}/{_LIST}", text)

    def _note(self, path: str, page_uri: str = "") -> None:
        self._count += 1
        self._pages[path] = page_uri
        if self._updates:
            self._written.add(path)

    def _write_file(self, path: str, data: bytes) -> None:
        with self.full_is_usage(path):
            try:
                (write_whole if self._updates else write_bytes)(path, data)
            except OSError:
                discard(path)
                raise

    @staticmethod
    @contextmanager
    def full_is_usage(path: str) -> Iterator[None]:
        """Turn the error of a full disk into a `UsageError`."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise UsageError(f"{path}: no space left; free some or move --output") from None
            raise

    def _archive(self, name: str) -> zipfile.ZipFile:
        if name not in self._archives:
            kind = CompressionTypes.UNCOMPRESSED
            file = FileSystems.create(f"{self._folder}/{name}.zip", compression_type=kind)
            self._archives[name] = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED), file
        return self._archives[name][0]


def newest_run_of(folder: str) -> str:
    """Return the newest run of which an export has pages; empty if it does not say."""
    return _listed(folder)["newest_run"]


def _listed(folder: str) -> dict:
    try:
        return json.loads(read_bytes(f"{folder}/{_LIST}"))
    except (OSError, ValueError):
        return {"newest_run": "", "files": {}}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _SOME_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
