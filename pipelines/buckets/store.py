"""What Beam's file systems do not do with buckets: conditions, and listing as it comes.

Beam's `create` replaces what is there, its `match` holds all names, and its `delete` on Google's
storage is a batch request, which servers that stand in for it do not take. An empty object cannot
be written to S3 by Beam.
"""

from __future__ import annotations

import random
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
# Requests at a time.
_AT_ONCE = 16
# Processes that failed together try again one after the other.
_random = random.SystemRandom()
# Between the attempts to create an object; a store that refuses for longer is in trouble.
_WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)


def scheme_of(path: str) -> str:
    """Return the scheme of a path, in lower case; empty for one on a disk.

    Example:
        >>> scheme_of("GS://archive/scans"), scheme_of("scans/a.jpg")
        ('gs', '')
    """
    found = _SCHEME.match(path)
    return found[1].lower() if found else ""


def is_bucket(path: str) -> bool:
    """Return whether a path is not one on a disk: in a store of objects, or on the web.

    Example:
        >>> is_bucket("out/transcripts"), is_bucket("gs://archive/transcripts")
        (False, True)
    """
    return bool(scheme_of(path))


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and name of an object.

    Example:
        >>> split_uri("gs://archive/a/b.json")
        ('archive', 'a/b.json')
    """
    bucket, _, name = uri.partition("://")[2].partition("/")
    return bucket, name


@dataclass(frozen=True)
class StoredObject:
    """An object as it was read.

    Attributes:
        content: Its bytes.
        version: What changes whenever it is written with another content.
        written: When it was written, by the clock of the store, with its time zone.
    """

    content: bytes
    version: str
    written: datetime


class Listed(NamedTuple):
    """An object as a listing shows it.

    Attributes:
        uri: Its address.
        size: Its size in bytes.
        version: What changes whenever it is written with another content.
    """

    uri: str
    size: int
    version: str


class Store(ABC):
    """A store of objects that keeps the conditions of requests."""

    def create(self, uri: str, content: bytes, version: str = "") -> str:
        """Write an object that is new or, if `version` is given, still has that version.

        What the store cannot do at this moment is tried again. The answer to an attempt may be
        lost; so an object that has this content counts as written.

        Args:
            uri: The object.
            content: Its content, which no other writer gives it.
            version: As of `StoredObject`; empty for a new object.

        Returns:
            The version that it has now; empty if the condition did not hold.
        """
        for wait_s in (*_WAITS_S, None):
            try:
                made = self._create(uri, content, version)
                break
            except Exception as error:
                if wait_s is None or not self._is_passing(error):
                    raise
                time.sleep(wait_s * (0.5 + _random.random() / 2))
        if not made and (there := self.read(uri)) and there.content == content:
            return there.version
        return made

    @abstractmethod
    def _create(self, uri: str, content: bytes, version: str) -> str:
        """Do what `create` does, in one attempt."""

    @abstractmethod
    def _is_passing(self, error: Exception) -> bool:
        """Return whether a request that failed may work a moment later."""

    @abstractmethod
    def write(self, uri: str, content: bytes) -> None:
        """Write an object, whether there is one or not."""

    @abstractmethod
    def read(self, uri: str) -> StoredObject | None:
        """Return an object; None if there is none."""

    @abstractmethod
    def delete(self, uri: str) -> None:
        """Delete an object, if there is one."""

    @abstractmethod
    def listing(self, prefix: str, limit_s: float = 120.0) -> Iterator[Listed]:
        """List the objects whose addresses start so, as the pages of the listing come.

        Args:
            prefix: Start of the addresses.
            limit_s: About how long a page is tried for.
        """

    @abstractmethod
    def upload(self, path: str, uri: str) -> None:
        """Write a file of this machine as an object."""

    @abstractmethod
    def download(self, uri: str, path: str) -> bool:
        """Write an object as a file of this machine; return whether there was one."""

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """Write an object that has the content of another one of the same bucket."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the addresses of the objects that start so, as the pages of the listing come."""
        return (listed.uri for listed in self.listing(prefix))


def store_of(path: str) -> Store | None:
    """Return the store that a path is in; None for a disk, and a store without conditions."""
    scheme = scheme_of(path)
    return _opened(scheme) if scheme in ("gs", "s3") else None


# A client is made once in a process.
@lru_cache
def _opened(scheme: str) -> Store:
    # The libraries are extras, and slow to import.
    if scheme == "gs":
        from pipelines.buckets.google import GoogleStore

        return GoogleStore()
    from pipelines.buckets.amazon import AmazonStore

    return AmazonStore()


def upload_all(store: Store, files: Mapping[str, str]) -> None:
    """Write files of this machine as objects.

    Args:
        store: The store.
        files: Path of a file to its object.
    """
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(store.upload, files.keys(), files.values()))


def delete_all(paths: Sequence[str]) -> None:
    """Delete files, on a disk or in a bucket.

    Args:
        paths: All in the same place.
    """
    if not paths:
        return
    store = store_of(paths[0])
    if store is None:
        # Beam takes seconds to import.
        from apache_beam.io.filesystems import FileSystems

        FileSystems.delete(list(paths))
        return
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(store.delete, paths))
