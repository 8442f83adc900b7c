"""Change an export that is there as a whole: all files of an update appear, or none."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import store_of
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import make_folder, read_bytes
from pipelines.files.lock import output_lock
from pipelines.files.output import discard

# New files wait in the folder. Once the list of what is to be done with them is there, the update
# counts as made: where it was killed in between, the next one does the rest.
_STAGING = ".quire-update"
_TO_DO = ".quire-update.json"


class Update:
    """An update of an export.

    Args:
        output: The export.
    """

    def __init__(self, output: str):
        self._output = output
        self.folder = f"{output}/{_STAGING}"

    def make(self, written: Collection[str], gone: Collection[str]) -> None:
        """Let the new files take their places.

        Args:
            written: Their paths in the folder, what says that they are there last.
            gone: Paths of files to remove.
        """
        to_do = json.dumps({"written": [*written], "gone": [*gone]})
        write_durably(f"{self._output}/{_TO_DO}", to_do.encode())
        _do(self._output)


@contextmanager
def updated_output(output: str) -> Iterator[Update]:
    """Provide the update of an export, which is as it was unless `Update.make` is called.

    Args:
        output: The export.

    Raises:
        UsageError: If another run is writing it.
    """
    output = output.rstrip("/")
    with output_lock(output):
        _do(output)
        update = Update(output)
        discard(update.folder)
        make_folder(update.folder, output)
        try:
            yield update
        finally:
            # What is to be done of it yet is for the next one.
            if not FileSystems.exists(f"{output}/{_TO_DO}"):
                discard(update.folder)


def _do(output: str) -> None:
    """Do what is left of an update that counts as made."""
    list_path, staging = f"{output}/{_TO_DO}", f"{output}/{_STAGING}"
    if not FileSystems.exists(list_path):
        return
    to_do = json.loads(read_bytes(list_path))
    for path in to_do["gone"]:
        discard(f"{output}/{path}")
    for path in to_do["written"]:
        if FileSystems.exists(f"{staging}/{path}"):
            make_folder(posixpath.dirname(f"{output}/{path}"), output)
            _move(f"{staging}/{path}", f"{output}/{path}")
    discard(staging)
    discard(list_path)


def _move(old: str, new: str) -> None:
    store = store_of(new)
    if store is None:
        FileSystems.rename([old], [new])
        return
    # Done again after a kill, it gives the same.
    store.copy(old, new)
    store.delete(old)
