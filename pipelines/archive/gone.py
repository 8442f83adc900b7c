"""Which pages are gone: the tables have them, and the run that listed their folder has not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from apache_beam.io.filesystem import FileSystem
from apache_beam.io.filesystems import FileSystems

from pipelines.archive.columns import column
from pipelines.archive.folder import Archive
from pipelines.archive.state import EarlierPages
from pipelines.buckets.store import is_bucket
from pipelines.files.filesystem import beneath_pattern
from pipelines.files.key_set import short_keys
from pipelines.files.zip_members import archive_fault, has_member, split_member
from pipelines.formats.names import file_of
from pipelines.pages.inputs import PageInputs
from pipelines.pages.names import PageNames, joined
from schemas.changes import Change

_COLUMNS = ["page_uri", "document", "run_id"]


@dataclass(frozen=True)
class Listing:
    """What a run listed.

    Attributes:
        names: Names of its pages.
        patterns: Patterns of the files that it listed, from `page_inputs`.
    """

    names: PageNames
    patterns: tuple[str, ...]

    @cached_property
    def _expressions(self) -> list[re.Pattern]:
        return [re.compile(FileSystem.translate_pattern(one)) for one in self.patterns]

    def covers(self, path: str) -> bool:
        """Return whether a file would have been listed.

        Example:
            >>> listing = Listing(PageNames(), ("scans/*.jpg",))
            >>> listing.covers("scans/a.jpg"), listing.covers("scans/b/a.jpg")
            (True, False)
        """
        return any(expression.match(path) for expression in self._expressions)


def listed_names(inputs: PageInputs, names: PageNames) -> tuple[str, ...]:
    """Return regular expressions of the names of what a run lists.

    Args:
        inputs: What `--input` names; of what lists name, nothing is known beforehand.
        names: Names of the pages.

    Example:
        >>> from pipelines.pages.names import Place
        >>> names = PageNames((Place("/mnt/b", "scans"),))
        >>> listed_names(PageInputs(("/mnt/b/1858/**",), addresses=("https://x/1",)), names)
        ('scans/1858/.*', 'https://x/1')
    """
    expressions = []
    for pattern in inputs.patterns + inputs.manifests:
        expression = _expression(pattern)
        for place in names.places:
            given = _expression(beneath_pattern(place.given)).removesuffix(".*")
            if expression.startswith(given):
                start = re.escape(f"{place.name.rstrip('/')}/" if place.name else "")
                expression = start + expression[len(given) :]
                break
        expressions.append(expression)
    lists = [".*"] * bool(inputs.lists)
    return (*dict.fromkeys(expressions), *map(re.escape, inputs.addresses), *lists)


def _expression(pattern: str) -> str:
    # Without '(?ms)' before and '\Z' behind, which not every engine knows.
    return FileSystem.translate_pattern(pattern)[len("(?ms)") : -len("\\Z")]


@dataclass(frozen=True)
class GonePage:
    """A page that the run looked for and did not find.

    Attributes:
        name: Its name.
        document: Its document; may be empty.
        change: 'gone'; 'joined' if it is there under another name; None for a file that is no
            page.
    """

    name: str
    document: str
    change: Change | None


@dataclass(frozen=True, eq=False)
class Seen:
    """What the portions of a run hold, as sorted short keys.

    Attributes:
        names: All that was listed.
        opened: Files that could be opened, and documents of which there are pages.
        failed: Files and documents that could not be opened as a whole.
    """

    names: np.ndarray
    opened: np.ndarray
    failed: np.ndarray

    def lists(self, name: str) -> bool:
        """Return whether a page or file was listed."""
        return _holds(self.names, name)

    def opens(self, name: str) -> bool:
        """Return whether a document was listed, and all its pages were."""
        return bool(name) and _holds(self.opened, name) and not _holds(self.failed, name)


def _holds(keys: np.ndarray, name: str) -> bool:
    (key,) = short_keys([name])
    place = np.searchsorted(keys, key)
    return bool(place < len(keys) and keys[place] == key)


def find_gone(
    archive: Archive, state: EarlierPages, seen: Seen, listing: Listing
) -> list[GonePage]:
    """Find the pages that are no longer there.

    A page is gone if the run listed the folder, pattern or document that it was in, and its file
    does not exist. A file that cannot be looked for, or not opened, is not gone.

    Args:
        archive: The output folder.
        state: What the tables say.
        seen: What the run listed.
        listing: How it did.
    """
    was_there = (state.last > 0) & ~state.is_gone
    candidates = was_there & ~np.isin(state.keys, seen.names)
    if not candidates.any():
        return []
    return [
        GonePage(name, document, change)
        for name, document, is_page in _rows(archive, state, candidates)
        for change in _changes(name, document, is_page, seen, listing)
    ]


def _rows(
    archive: Archive, state: EarlierPages, candidates: np.ndarray
) -> Iterator[tuple[str, str, bool]]:
    """Yield name and document of some pages, and whether they are pages, from their newest row."""
    for path in state.files:
        for rows in archive.read_batches(path, _COLUMNS):
            places = state.places(column(rows, "page_uri").to_pylist())
            chosen = candidates[places] & (state.last[places] == state.run_numbers(rows))
            found = rows.filter(pa.array(chosen))
            names, documents = (column(found, one).to_pylist() for one in _COLUMNS[:2])
            yield from zip(names, documents, state.is_image[places[chosen]].tolist())


def _changes(
    name: str, document: str, is_page: bool, seen: Seen, listing: Listing
) -> list[Change | None]:
    """Return what became of a page that was not listed; nothing if that is not known."""
    gone = Change.GONE if is_page else None
    # Its document was listed without it.
    if seen.opens(document) or (file_of(name) != name and seen.opens(file_of(name))):
        return [gone]
    for path in listing.names.paths(name):
        usual = listing.names.name(path)
        if usual != name and seen.lists(usual):
            return [Change.JOINED if is_page else None]
        if listing.covers(_file(path)) and is_missing(path):
            return [gone]
    return []


def _file(path: str) -> str:
    member = split_member(path)
    return member[0] if member else file_of(path)


def is_missing(path: str) -> bool:
    """Return whether a page's file does not exist; not where that cannot be known.

    Args:
        path: The page.
    """
    file = _file(path)
    if is_bucket(file):
        return not FileSystems.exists(file)
    try:
        os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    member = split_member(path)
    return bool(member) and not archive_fault(file) and not has_member(*member)


def is_missing_elsewhere(name: str, names: PageNames) -> bool:
    """Return whether the file of a page that no run listed now does not exist.

    Args:
        name: The page.
        names: Names of the run, with the folder that relative names start from.
    """
    start = names.root_name or ""
    if is_bucket(name) or not names.root:
        return False
    path = name if os.path.isabs(name) else joined(names.root, name[len(start) :].lstrip("/"))
    return is_missing(path)
