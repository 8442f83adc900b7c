"""Files of a folder by name, whatever their ending, case and Unicode form."""

from __future__ import annotations

import os
import posixpath
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import islice

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import is_bucket
from pipelines.files.objects import matching_objects
from pipelines.files.zip_members import list_members, split_member
from pipelines.formats.names import loose_name

# A folder of more files is not listed: each process would keep all their names.
_MOST_LISTED = 200_000
_MOST_KEPT = 500_000


class FolderIndex:
    """The names in folders, each of which is listed once.

    Args:
        most_listed: Files of a folder up to which it is listed; one with more has none alike.
        most_kept: Names that are kept, those of the folders that were asked for last.
    """

    def __init__(self, most_listed: int = _MOST_LISTED, most_kept: int = _MOST_KEPT):
        self._most_listed, self._most_kept = most_listed, most_kept
        self._folders: OrderedDict[str, dict[str, tuple[str, ...]]] = OrderedDict()
        self._kept = 0
        # Threads that ask for one folder wait for one listing.
        self._lock = threading.Lock()

    def alike(self, folder: str, name: str) -> list[str]:
        """List the files of a folder that differ from a name at most as `loose_name` allows."""
        with self._lock:
            if folder not in self._folders:
                self._keep(folder, self._list(folder))
            self._folders.move_to_end(folder)
            names = self._folders[folder].get(loose_name(name), ())
        return [posixpath.join(folder, one) for one in names]

    def _keep(self, folder: str, names: dict[str, tuple[str, ...]]) -> None:
        self._folders[folder] = names
        self._kept += 1 + len(names)
        while self._kept > self._most_kept and len(self._folders) > 1:
            _, oldest = self._folders.popitem(last=False)
            self._kept -= 1 + len(oldest)

    def _list(self, folder: str) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for count, name in enumerate(_names_in(folder, self._most_listed), 1):
            if count > self._most_listed:
                return {}
            key = loose_name(name)
            found[key] = (*found.get(key, ()), name)
        return {key: tuple(sorted(names)) for key, names in found.items()}


def _names_in(folder: str, most: int) -> Iterator[str]:
    """Iterate over the names of the files of a folder; none where it cannot be listed."""
    if member := split_member(posixpath.join(folder, "*")):
        try:
            members = list_members(member[0])
        except (OSError, ValueError):
            return
        yield from (posixpath.basename(uri) for uri in members if posixpath.dirname(uri) == folder)
        return
    if not is_bucket(folder):
        # Beam's listing of a local folder reads all folders beneath it.
        try:
            with os.scandir(folder or os.curdir) as entries:
                yield from (entry.name for entry in entries if entry.is_file())
        except (OSError, ValueError):
            return
        return
    with suppress(BeamIOError):
        for path in islice(matching_objects(FileSystems.join(folder, "*")), most + 1):
            if posixpath.dirname(path) == folder:
                yield posixpath.basename(path)


@lru_cache(maxsize=1)
def shared_index() -> FolderIndex:
    """Return the index of this process."""
    return FolderIndex()
