"""List local files, and tell what of a folder cannot be listed.

Beam's own listing says nothing of a folder that it may not read, of a linked folder, and of a link
that leads nowhere: the pages there would be missing without a word.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from apache_beam.io.filesystem import FileSystem

from pipelines.cli.options import WILD_CARD
from pipelines.formats.names import split_extension
from pipelines.formats.system_files import is_stray
from schemas.records import Failure, Skipped, SkipReason

_ANY_DEPTH = "**"


def walk(pattern: str) -> Iterator[str | Failure | Skipped]:
    """List the files that a pattern matches.

    A linked folder is read like any other, but each folder once: one that is above it, or that is
    read by another path, is skipped.

    Args:
        pattern: Path of a file, or a glob with a folder before its first wildcard.

    Yields:
        The path of each file; a failure for each folder that cannot be listed and each link that
        leads nowhere; what is skipped: linked folders that are read already, and pipes, sockets
        and devices.
    """
    if not WILD_CARD.search(pattern):
        if os.path.lexists(pattern) and not os.path.isdir(pattern):
            yield _of_file(pattern)
        return
    folder = os.path.dirname(WILD_CARD.split(pattern)[0])
    yield from _Walk(pattern, folder).entries()


def is_regular(path: str) -> bool:
    """Return whether a path leads to a regular file, which can be opened without waiting.

    Raises:
        OSError: If it leads nowhere, or cannot be reached.
    """
    return stat.S_ISREG(os.stat(path).st_mode)


def _of_file(path: str) -> str | Failure | Skipped:
    try:
        return path if is_regular(path) else Skipped(path, SkipReason.NO_FILE)
    except OSError as error:
        return _unreadable_link(path, error)


def _unreadable_link(path: str, error: OSError) -> Failure:
    if not os.path.islink(path):
        return Failure(path, "read", f"cannot be read ({error.strerror}); give access to it")
    return Failure(
        path,
        "read",
        f"link to {os.readlink(path)} leads nowhere ({error.strerror}); restore that or remove the "
        "link",
    )


@dataclass
class _Walk:
    """A walk through the folders that a glob may match files in."""

    pattern: str
    folder: str
    # Each folder that was met, by device and number, and its path; those above the first one.
    _met: dict[tuple[int, int], str] = field(default_factory=dict)
    _links: list[str] = field(default_factory=list)

    def __post_init__(self):
        self._regex = re.compile(FileSystem.translate_pattern(self.pattern))
        start = len(self.folder.rstrip("/")) + 1 if self.folder else 0
        self._parts = self.pattern[start:].split("/")
        self._start = start

    def entries(self) -> Iterator[str | Failure | Skipped]:
        """List what the glob matches, folders that are reached by links last."""
        if not os.path.isdir(self.folder or os.curdir):
            return
        above = os.path.dirname(os.path.realpath(self.folder))
        while above and _identity(above) not in self._met:
            self._met[_identity(above)] = above
            above = os.path.dirname(above)
        yield from self._beneath(self.folder)
        while links := sorted(self._links, reverse=True):
            self._links = links
            yield from self._beneath(links.pop())

    def _beneath(self, top: str) -> Iterator[str | Failure | Skipped]:
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                read_as = self._met.setdefault(_identity(folder or os.curdir), folder)
                if read_as != folder:
                    yield Skipped(folder, SkipReason.LINKED)
                    continue
                entries = os.scandir(folder or os.curdir)
            except OSError as error:
                reason = f"folder cannot be listed ({error.strerror}); give access to it, or leave "
                yield Failure(folder, "read", f"{reason}it out of --input")
                continue
            with entries:
                for entry in entries:
                    path = os.path.join(folder, entry.name)
                    if not _is_folder(entry):
                        yield from self._of_entry(path, entry)
                    elif self._may_hold(path):
                        (self._links if entry.is_symlink() else folders).append(path)

    def _of_entry(self, path: str, entry: os.DirEntry) -> Iterator[str | Failure | Skipped]:
        is_match = bool(self._regex.fullmatch(path))
        if _is_regular_entry(entry):
            if is_match:
                yield path
            return
        record = _of_file(path)
        if isinstance(record, Failure) and _is_no_page(path):
            record = path
        # A link that leads nowhere may have led to a folder of pages.
        may_be_folder = isinstance(record, Failure) and not split_extension(path)[1]
        if is_match or (may_be_folder and self._may_hold(path)):
            yield record

    def _may_hold(self, folder: str) -> bool:
        """Return whether files in a folder may match the glob."""
        names = folder[self._start :].split("/")
        for name, part in zip(names, self._parts):
            if _ANY_DEPTH in part:
                return True
            if not fnmatchcase(name, part):
                return False
        return len(names) < len(self._parts)


def _is_no_page(path: str) -> bool:
    """Return whether a path is by its name neither a page or its description nor a folder."""
    has_other_ending = bool(os.path.splitext(path)[1]) and not split_extension(path)[1]
    return has_other_ending or is_stray(path)


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link into a folder that may not be entered, or to itself.
        return False


def _is_regular_entry(entry: os.DirEntry) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
