"""What Beam's file systems do not do with buckets: create an object only if there is none.

Beam's `create` replaces what is there, and its `delete` on Google's storage is a batch request,
which servers that stand in for it do not take. An empty object cannot be written to S3 by Beam.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from apache_beam.io.filesystems import FileSystems

# Requests at a time.
_AT_ONCE = 16


@dataclass(frozen=True)
class StoredObject:
    """An object as it was read.

    Attributes:
        content: Its bytes.
        version: What changes whenever it is written.
        written: When it was written, by the clock of the store, with its time zone.
    """

    content: bytes
    version: str
    written: datetime


class Store(Protocol):
    """A store of objects that keeps the conditions of requests."""

    def create(self, uri: str, content: bytes, version: str = "") -> str:
        """Write an object that is new or, if `version` is given, still has that version.

        Returns:
            The version that it has now; empty if the condition did not hold.
        """

    def write(self, uri: str, content: bytes) -> None:
        """Write an object, whether there is one or not."""

    def read(self, uri: str) -> StoredObject | None:
        """Return an object; None if there is none."""

    def delete(self, uri: str) -> None:
        """Delete an object, if there is one."""


def is_bucket(path: str) -> bool:
    """Return whether a path is in a store of objects, which appear as a whole or not at all.

    Example:
        >>> is_bucket("out/transcripts"), is_bucket("gs://archive/transcripts")
        (False, True)
    """
    return "://" in path


def store_of(path: str) -> Store | None:
    """Return the store that a path is in; None for a disk, and a store without conditions."""
    make = _STORES.get(path.partition("://")[0].lower()) if is_bucket(path) else None
    return make() if make else None


def delete_all(paths: Sequence[str]) -> None:
    """Delete files, on a disk or in a bucket.

    Args:
        paths: All in the same place.
    """
    if not paths:
        return
    store = store_of(paths[0])
    if store is None:
        FileSystems.delete(list(paths))
        return
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(store.delete, paths))


def _split(uri: str) -> tuple[str, str]:
    """Return bucket and name of an object.

    Example:
        >>> _split("gs://archive/a/b.json")
        ('archive', 'a/b.json')
    """
    bucket, _, name = uri.partition("://")[2].partition("/")
    return bucket, name


class _GoogleStore:
    def __init__(self):
        from apache_beam.io.gcp.gcsio import GcsIO

        self._client = GcsIO().client

    def _blob(self, uri: str):
        bucket, name = _split(uri)
        return self._client.bucket(bucket).blob(name)

    def create(self, uri: str, content: bytes, version: str = "") -> str:
        from google.api_core.exceptions import PreconditionFailed

        blob = self._blob(uri)
        try:
            # Generation 0 is that of no object.
            blob.upload_from_string(content, if_generation_match=int(version or 0))
        except PreconditionFailed:
            return ""
        return str(blob.generation)

    def write(self, uri: str, content: bytes) -> None:
        from google.cloud.storage.retry import DEFAULT_RETRY

        self._blob(uri).upload_from_string(content, retry=DEFAULT_RETRY)

    def read(self, uri: str) -> StoredObject | None:
        from google.api_core.exceptions import NotFound

        blob = self._blob(uri)
        try:
            content = blob.download_as_bytes()
            blob.reload()
        except NotFound:
            return None
        return StoredObject(content, str(blob.generation), blob.updated)

    def delete(self, uri: str) -> None:
        from google.api_core.exceptions import NotFound

        try:
            self._blob(uri).delete()
        except NotFound:
            return


class _AmazonStore:
    def __init__(self):
        import boto3

        self._client = boto3.client("s3")

    def create(self, uri: str, content: bytes, version: str = "") -> str:
        from botocore.exceptions import ClientError

        bucket, name = _split(uri)
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            done = self._client.put_object(Bucket=bucket, Key=name, Body=content, **condition)
        except ClientError as error:
            # The object is another one, or two writers came at the same time.
            if _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                return ""
            raise
        return done["ETag"]

    def write(self, uri: str, content: bytes) -> None:
        bucket, name = _split(uri)
        self._client.put_object(Bucket=bucket, Key=name, Body=content)

    def read(self, uri: str) -> StoredObject | None:
        from botocore.exceptions import ClientError

        bucket, name = _split(uri)
        try:
            found = self._client.get_object(Bucket=bucket, Key=name)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise
        return StoredObject(found["Body"].read(), found["ETag"], found["LastModified"])

    def delete(self, uri: str) -> None:
        bucket, name = _split(uri)
        self._client.delete_object(Bucket=bucket, Key=name)


def _code(error) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _connect_anonymously() -> None:
    """Let Beam not look for credentials of Google, which takes half a minute and many messages."""
    with suppress(ImportError):
        from apache_beam.internal.gcp import auth

        # There is no option for it.
        auth._Credentials._credentials_init = True


# The variable of Google's client for a server that stands in for the storage.
if os.environ.get("STORAGE_EMULATOR_HOST"):
    _connect_anonymously()

# A client is made once in a process.
_STORES = {"gs": lru_cache(_GoogleStore), "s3": lru_cache(_AmazonStore)}
