"""Find XML files beside pages on remote file systems, with one listing per folder."""

from __future__ import annotations

import posixpath
import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import is_bucket
from pipelines.files.filesystem import beneath_pattern, first_existing
from pipelines.files.key_set import short_keys
from pipelines.formats.names import MARKUP_EXTENSION

# An object store returns about a thousand names per request, and lists folders recursively.
_MOST_LISTED = 200_000
# Eight bytes each.
_MOST_KEPT = 4_000_000


class FolderNames:
    """The names of the XML files in folders, each of which is listed once.

    Args:
        most_listed: Largest number of files beneath a folder that is listed; in a larger folder
            each file is looked up by itself.
        most_kept: Number of names to keep; the least recently used folders are dropped.
    """

    def __init__(self, most_listed: int = _MOST_LISTED, most_kept: int = _MOST_KEPT):
        self._most_listed, self._most_kept = most_listed, most_kept
        self._folders: OrderedDict[str, np.ndarray | None] = OrderedDict()
        self._kept = 0
        # Threads that need the same folder wait for a single listing.
        self._lock = threading.Lock()

    def first_existing(self, uris: Iterable[str]) -> str | None:
        """Return the first of some XML files that exists; None if none does."""
        return next(filter(self._exists, uris), None)

    def _exists(self, uri: str) -> bool:
        keys = self._keys_of(posixpath.dirname(uri))
        if keys is None:
            return first_existing([uri]) is not None
        (key,) = short_keys([uri])
        position = np.searchsorted(keys, key)
        return bool(position < len(keys) and keys[position] == key)

    def _keys_of(self, folder: str) -> np.ndarray | None:
        with self._lock:
            if folder not in self._folders:
                self._keep(folder, self._list(folder))
            self._folders.move_to_end(folder)
            return self._folders[folder]

    def _keep(self, folder: str, keys: np.ndarray | None) -> None:
        self._folders[folder] = keys
        self._kept += _cost(keys)
        while self._kept > self._most_kept and len(self._folders) > 1:
            _, oldest = self._folders.popitem(last=False)
            self._kept -= _cost(oldest)

    def _list(self, folder: str) -> np.ndarray | None:
        """Return the sorted keys of a folder's XML files; None if it is too large or unreadable."""
        try:
            (match,) = FileSystems.match([beneath_pattern(folder)], limits=[self._most_listed + 1])
        except BeamIOError:
            return None
        if len(match.metadata_list) > self._most_listed:
            return None
        paths = (metadata.path for metadata in match.metadata_list)
        return np.sort(short_keys([path for path in paths if _is_markup_in(path, folder)]))


def _is_markup_in(path: str, folder: str) -> bool:
    return path.lower().endswith(MARKUP_EXTENSION) and posixpath.dirname(path) == folder


def _cost(keys: np.ndarray | None) -> int:
    # An empty folder takes memory, too.
    return 100 + (0 if keys is None else len(keys))


# Created in the process that reads pages, once.
@lru_cache(maxsize=1)
def _shared_names() -> FolderNames:
    return FolderNames()


def first_markup(uris: Iterable[str], beside: str) -> str | None:
    """Return the first of some XML files that exists; None if none does.

    Args:
        uris: The files, all on one file system.
        beside: The page that they may describe. On a local disk each file is looked up by itself.
    """
    is_local = not is_bucket(beside)
    return first_existing(uris) if is_local else _shared_names().first_existing(uris)
