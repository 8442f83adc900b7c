"""What a reader of a format may ask of the outside: open a file, see if one is there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import BinaryIO, Protocol


class Files(Protocol):
    """Files of some file system; tests use one held in memory."""

    def open(self, uri: str) -> BinaryIO:
        """Open a file for reading, seekable.

        Raises:
            OSError: If it cannot be opened.
        """

    def first_existing(self, uris: Iterable[str]) -> str | None:
        """Find the first of some files that is there."""


def inside(folder: str, name: str) -> str:
    """Join a name that data give to the folder it must stay in.

    Args:
        folder: The dataset's folder.
        name: A relative path, as a label file has it.

    Returns:
        The path.

    Raises:
        ValueError: If the path is absolute or climbs out of the folder.

    Example:
        >>> inside("d/iam", "lines/a01/x.png")
        'd/iam/lines/a01/x.png'
    """
    path = posixpath.normpath(name.replace("\\", "/"))
    climbs = path == ".." or path.startswith(("../", "/")) or ":" in path.split("/")[0]
    if climbs or not name or "\0" in name:
        raise ValueError(f"path {name!r} leads out of {folder}; name files beneath it")
    return posixpath.join(folder, path)
