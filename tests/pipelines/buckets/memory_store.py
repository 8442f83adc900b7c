"""A store of objects in memory that keeps conditions, with a clock of its own."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pipelines.buckets.store import Listed, Store, StoredObject


class MemoryStore(Store):
    """Objects by name.

    Attributes:
        objects: Name to the object.
        is_reachable: Whether requests are answered.
    """

    def __init__(self):
        self.objects: dict[str, StoredObject] = {}
        self.is_reachable = True
        self._now = datetime(1999, 1, 1, tzinfo=timezone.utc)
        self._writes, self._lock = 0, threading.Lock()

    def wait(self, seconds: float) -> None:
        """Let the clock of the store go on."""
        self._now += timedelta(seconds=seconds)

    def _answer(self) -> None:
        if not self.is_reachable:
            raise ConnectionError("the store does not answer")

    def _create(self, uri: str, content: bytes, version: str) -> str:
        self._answer()
        with self._lock:
            there = self.objects.get(uri)
            if (there.version if there else "") != version:
                return ""
            return self._put(uri, content)

    def _is_passing(self, error: Exception) -> bool:
        return False

    def write(self, uri: str, content: bytes) -> None:
        self._answer()
        with self._lock:
            self._put(uri, content)

    def _put(self, uri: str, content: bytes) -> str:
        self._writes += 1
        self.objects[uri] = StoredObject(content, str(self._writes), self._now)
        return str(self._writes)

    def read(self, uri: str) -> StoredObject | None:
        self._answer()
        return self.objects.get(uri)

    def delete(self, uri: str) -> None:
        self._answer()
        self.objects.pop(uri, None)

    def listing(self, prefix: str, limit_s: float = 120.0):
        self._answer()
        for uri, found in sorted(self.objects.items()):
            if uri.startswith(prefix):
                yield Listed(uri, len(found.content), found.version)

    def upload(self, path: str, uri: str) -> None:
        self.write(uri, Path(path).read_bytes())

    def download(self, uri: str, path: str) -> bool:
        if found := self.read(uri):
            Path(path).write_bytes(found.content)
        return found is not None

    def copy(self, source: str, target: str) -> None:
        self.write(target, self.objects[source].content)
