"""The file access of readers: open a file, check which files exist."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import BinaryIO, Protocol


class Files(Protocol):
    """Access to the files of a file system; tests use files in memory."""

    def open(self, uri: str) -> BinaryIO:
        """Open a file for reading, seekable.

        Raises:
            OSError: If it cannot be opened.
        """

    def first_existing(self, uris: Iterable[str]) -> str | None:
        """Return the first of some files that exists, or None."""

    def alike(self, folder: str, name: str) -> list[str]:
        """List the files directly in a folder whose names are alike.

        Args:
            folder: The folder.
            name: A file name; its ending, its case and its Unicode form do not matter.
        """

    def is_inside(self, uri: str) -> bool:
        """Return whether a path lies in the input, so that a name in a file may lead there."""


def inside(folder: str, name: str) -> str:
    """Join a folder and a path found in data, which must not lead out of the folder.

    Args:
        folder: The folder of the dataset.
        name: A relative path, for instance from a label file.

    Returns:
        The path.

    Raises:
        ValueError: If the path is absolute or leads out of the folder.

    Example:
        >>> inside("d/iam", "lines/a01/x.png")
        'd/iam/lines/a01/x.png'
    """
    path = posixpath.normpath(name.replace("\\", "/"))
    leads_out = path == ".." or path.startswith(("../", "/")) or ":" in path.split("/")[0]
    if leads_out or not name or "\0" in name:
        raise ValueError(f"path {name!r} leads out of {folder}; name files beneath it")
    return posixpath.join(folder, path)
