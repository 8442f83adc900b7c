"""Where the files of an export are written: a folder, or a zip file a format."""

from __future__ import annotations

import errno
import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import BinaryIO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.exporting.changes import ALL, Changes
from pipelines.exporting.listing import LIST, Listing
from pipelines.files.filesystem import write_bytes
from pipelines.files.output import discard

_MOST_REMARKS = 10
# Of a ZIP file; equal tables are to give equal files.
_SOME_TIME = (1980, 1, 1, 0, 0, 0)


class Store:
    """The folder of an export that is being written.

    Args:
        folder: The folder.
        is_zipped: Whether what lies in a folder of it is one zip file instead.
        archive: Name of the zip file if there is one for all folders; empty for one each.
        changes: What is to be written, and what an earlier export wrote that stays.
    """

    def __init__(self, folder: str, is_zipped: bool, archive: str, changes: Changes):
        self._folder, self._is_zipped = folder, is_zipped
        self._archive_name, self._changes = archive, changes
        self._archives: dict[str, tuple[zipfile.ZipFile, BinaryIO]] = {}
        # Files that are there, those in a zip file too, and the pages that they are of.
        self._written: dict[str, str] = {}
        self._remarks: list[str] = []
        self._remark_count = 0
        self._pictures: Counter[str] = Counter()
        self._incomplete: set[str] = set()

    @property
    def file_count(self) -> int:
        """Files written."""
        return len(self._written)

    @property
    def new_files(self) -> dict[str, str]:
        """Paths of the files that were written, and the page that each is of, if of one."""
        files = {f"{name}.zip": "" for name in self._archives}
        return files | {p: uri for p, uri in self._written.items() if not self._is_inside_zip(p)}

    @cached_property
    def _files_before(self) -> dict[str, list[str]]:
        files: dict[str, list[str]] = {}
        for path, uri in self._changes.before.files.items():
            files.setdefault(uri, []).append(path)
        return files

    def files_before(self, page_uri: str) -> list[str]:
        """Return the paths of the files of a page that the earlier export wrote."""
        return self._files_before.get(page_uri, [])

    def mark_incomplete(self, *names: str) -> None:
        """Let pages, by their URIs, and documents be written again by the next update."""
        self._incomplete.update((*names, ALL))

    def tell(self, reason: str) -> None:
        """Count a page of a PDF that becomes a picture, by the reason."""
        self._pictures[reason] += 1

    @property
    def said(self) -> tuple[str, ...]:
        """What is to be said at the end."""
        count = self._pictures.total()
        pages = "page of a PDF is a picture" if count == 1 else "pages of PDFs are pictures"
        each = ", ".join(f"{n:,} {reason}" for reason, n in self._pictures.most_common())
        line = f"{count:,} {pages} with text, not the page itself: {each}"
        return (*self._remarks, *[line] * bool(count))

    def remark(self, text: str) -> None:
        """Keep what is to be said at the end, the first ones in full."""
        self._remark_count += 1
        if self._remark_count <= _MOST_REMARKS:
            self._remarks.append(text)
        elif self._remark_count == _MOST_REMARKS + 1:
            self._remarks.append("and more of them")

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
        if path in self._written or self._is_others(path, page_uri):
            name = posixpath.basename(path)
            raise FileExistsError(f"another page has the file {name} already; rename one image")
        folder, _, name = path.partition("/")
        if self._archive_name:
            folder, name = self._archive_name, path
        if self._is_zipped and name:
            self._archive(folder).writestr(_entry(name), data)
        else:
            self._write_file(f"{self._folder}/{path}", data)
        self._written[path] = page_uri

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """Open a file that is no page's, to be written piece by piece."""
        with self.full_is_usage(path):
            full = f"{self._folder}/{path}"
            kind = CompressionTypes.UNCOMPRESSED
            with FileSystems.create(full, compression_type=kind) as file:
                yield file
        self._written[path] = ""

    def end_archives(self) -> None:
        """Complete the zip files."""
        for archive, file in self._archives.values():
            archive.close()
            file.close()

    def write_listing(self, listing: Listing) -> None:
        """Write what the export says of itself."""
        self._write_file(f"{self._folder}/{LIST}", listing.to_bytes())

    def listing(self, wholes: Mapping[str, str], settings: Mapping[str, object]) -> Listing:
        """Return what the export holds when it is complete.

        Args:
            wholes: Path of each file of several pages that is to be there, and its document.
            settings: As of `settings_of`.
        """
        before = self._changes.before.files.items()
        kept = {path: uri for path, uri in before if self._stays(uri)}
        files = {
            path: uri for path, uri in {**kept, **self.new_files}.items() if uri or path in wholes
        }
        return Listing(
            settings,
            files,
            {uri: s for uri, s in self._changes.pages.items() if uri not in self._incomplete},
            {
                path: self._changes.state(key)
                for path, key in wholes.items()
                if path in files and key not in self._incomplete
            },
        )

    def _stays(self, page_uri: str) -> bool:
        """Return whether the files of a page stay as they are; those of several pages may."""
        # The old file of a page that failed is better than none.
        return not page_uri or self._is_unchanged(page_uri) or page_uri in self._incomplete

    def _is_unchanged(self, page_uri: str) -> bool:
        return page_uri in self._changes.pages and not self._changes.has_page(page_uri)

    def _is_others(self, path: str, page_uri: str) -> bool:
        owner = self._changes.before.files.get(path, page_uri)
        return owner != page_uri and self._is_unchanged(owner)

    def _is_inside_zip(self, path: str) -> bool:
        return self._is_zipped and (bool(self._archive_name) or "/" in path)

    def _write_file(self, path: str, data: bytes) -> None:
        with self.full_is_usage(path):
            try:
                write_bytes(path, data)
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


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _SOME_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
