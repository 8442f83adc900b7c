"""Objects in Google's storage, and servers that stand in for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apache_beam.io.filesystems import FileSystems
from apache_beam.io.gcp.gcsio import GcsIO
from google.api_core.exceptions import NotFound, PreconditionFailed, ServerError, TooManyRequests
from google.auth.exceptions import TransportError
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import ConnectionError, Timeout

from pipelines.buckets.anonymous import look_for_credentials
from pipelines.buckets.store import Listed, Store, StoredObject, split_uri

_PASSING = (TooManyRequests, ServerError, ConnectionError, Timeout, TransportError)


class GoogleStore(Store):
    """The store of gs://, with the credentials of the environment or, without any, as anyone."""

    def __init__(self):
        look_for_credentials()
        self._client = GcsIO(pipeline_options=FileSystems._pipeline_options).client

    def _blob(self, uri: str):
        bucket, name = split_uri(uri)
        return self._client.bucket(bucket).blob(name)

    def _create(self, uri: str, content: bytes, version: str) -> str:
        blob = self._blob(uri)
        try:
            # Generation 0 is that of no object.
            blob.upload_from_string(content, if_generation_match=int(version or 0), retry=None)
        except PreconditionFailed:
            return ""
        return str(blob.generation)

    def _is_passing(self, error: Exception) -> bool:
        return isinstance(error, _PASSING)

    def write(self, uri: str, content: bytes) -> None:
        """Write an object, whether there is one or not."""
        self._blob(uri).upload_from_string(content, retry=DEFAULT_RETRY)

    def read(self, uri: str) -> StoredObject | None:
        """Return an object; None if there is none."""
        blob = self._blob(uri)
        try:
            content = blob.download_as_bytes()
            blob.reload()
        except NotFound as error:
            return _nothing(error)
        return StoredObject(content, str(blob.generation), blob.updated)

    def delete(self, uri: str) -> None:
        """Delete an object, if there is one."""
        try:
            self._blob(uri).delete(retry=DEFAULT_RETRY)
        except NotFound as error:
            _nothing(error)

    def listing(self, prefix: str, limit_s: float = 120.0) -> Iterator[Listed]:
        """List objects, as `Store.listing` does."""
        bucket, name = split_uri(prefix)
        fields = "items(name,size,generation),nextPageToken"
        retry = DEFAULT_RETRY.with_timeout(limit_s)
        for blob in self._client.list_blobs(bucket, prefix=name, fields=fields, retry=retry):
            yield Listed(f"gs://{bucket}/{blob.name}", blob.size or 0, str(blob.generation))

    def upload(self, path: str, uri: str) -> None:
        """Write a file of this machine as an object."""
        self._blob(uri).upload_from_filename(path, retry=DEFAULT_RETRY)

    def download(self, uri: str, path: str) -> bool:
        """Write an object as a file; return whether there was one."""
        try:
            self._blob(uri).download_to_filename(path)
        except NotFound as error:
            Path(path).unlink(missing_ok=True)
            return bool(_nothing(error))
        return True

    def copy(self, source: str, target: str) -> None:
        """Write an object that has the content of another one of the same bucket."""
        blob = self._blob(source)
        blob.bucket.copy_blob(blob, blob.bucket, split_uri(target)[1], retry=DEFAULT_RETRY)


def _nothing(error: NotFound) -> None:
    """Return None for an object that is not there; what is said of a missing bucket is raised."""
    if "bucket does not exist" in str(error):
        raise error
