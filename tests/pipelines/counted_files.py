"""An object store in memory as a Beam file system, which counts requests."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import ClassVar

from apache_beam.io.filesystem import (
    BeamIOError,
    CompressionTypes,
    FileMetadata,
    FileSystem,
)

_LISTED_AT_A_TIME = 1000


class CountedFiles(FileSystem):
    """Files named `counted://...`, without folders; Beam finds the class by its scheme.

    Attributes:
        files: Path to content.
        requests: (operation, path) of each request that a store would receive; a listing takes
            one for each thousand names.
    """

    files: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[list[tuple[str, str]]] = []

    @classmethod
    def scheme(cls) -> str:
        return "counted"

    @classmethod
    def begin(cls, files: dict[str, bytes]) -> None:
        """Set the files, and clear the requests."""
        cls.files, cls.requests = dict(files), []

    def join(self, basepath, *paths):
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path):
        return tuple(path.rsplit("/", 1))

    def has_dirs(self):
        return False

    def _list(self, dir_or_prefix) -> Iterator[FileMetadata]:
        found = [path for path in sorted(self.files) if path.startswith(dir_or_prefix)]
        for start in range(0, max(1, len(found)), _LISTED_AT_A_TIME):
            self.requests.append(("list", dir_or_prefix))
            for path in found[start : start + _LISTED_AT_A_TIME]:
                yield FileMetadata(path, len(self.files[path]))

    def exists(self, path):
        self.requests.append(("exists", path))
        return path in self.files

    def open(self, path, mime_type="", compression_type=CompressionTypes.AUTO):
        self.requests.append(("open", path))
        if path not in self.files:
            raise BeamIOError("no such file", {path: FileNotFoundError(path)})
        return io.BytesIO(self.files[path])

    def metadata(self, path):
        return FileMetadata(path, len(self.files[path]))

    def _never(self, *_, **__):
        raise NotImplementedError("this store is read-only")

    create = mkdirs = copy = rename = size = last_updated = delete = _never
