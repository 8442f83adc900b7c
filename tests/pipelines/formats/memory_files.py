"""Files in memory, as `Files` for readers."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from pipelines.formats.names import loose_name


class MemoryFiles:
    """`pipelines.formats.source.Files` on a dictionary.

    Args:
        files: Path to content; a `BinaryIO` is opened as it is.

    Attributes:
        asked: All paths that were opened or looked for.
    """

    def __init__(self, files: Mapping[str, bytes | BinaryIO]):
        self._files = dict(files)
        self.asked: list[str] = []

    def open(self, uri: str) -> BinaryIO:
        self.asked.append(uri)
        if uri not in self._files:
            raise FileNotFoundError(uri)
        content = self._files[uri]
        return io.BytesIO(content) if isinstance(content, bytes) else content

    def first_existing(self, uris: Iterable[str]) -> str | None:
        for uri in uris:
            self.asked.append(uri)
            if uri in self._files:
                return uri
        return None

    def alike(self, folder: str, name: str) -> list[str]:
        wanted = loose_name(name)
        return [
            uri
            for uri in sorted(self._files)
            if posixpath.dirname(uri) == folder and loose_name(uri) == wanted
        ]

    def is_inside(self, uri: str) -> bool:
        return not uri.startswith(("/", "../"))


class EndlessFile(io.RawIOBase):
    """A file with a start and then endless repetitions: reading all of it never returns."""

    def __init__(self, start: bytes, repeated: bytes):
        super().__init__()
        self._ahead, self._repeated = start, repeated

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while len(self._ahead) < len(buffer):
            self._ahead += self._repeated
        taken, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def endless_file(start: bytes, repeated: bytes) -> BinaryIO:
    return io.BufferedReader(EndlessFile(start, repeated))
