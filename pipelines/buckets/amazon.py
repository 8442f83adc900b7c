"""Objects in S3, and servers that speak its language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions, S3Options
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from pipelines.buckets.store import Listed, Store, StoredObject, split_uri

# Beam's flags, and what boto3 calls them.
_FLAGS = {
    "s3_access_key_id": "aws_access_key_id",
    "s3_secret_access_key": "aws_secret_access_key",
    "s3_session_token": "aws_session_token",
    "s3_endpoint_url": "endpoint_url",
    "s3_region_name": "region_name",
    "s3_api_version": "api_version",
    "s3_verify": "verify",
}
# A store that cannot be reached is known after a minute.
_LIMITS = Config(connect_timeout=10, read_timeout=60)
# The object is another one.
_REFUSED = ("PreconditionFailed", "412")
_MISSING = ("NoSuchKey", "404")
# Two writers came at the same time: which one was first is known after another attempt.
_CONFLICT = "ConditionalRequestConflict"


class AmazonStore(Store):
    """The store of s3://, as Beam's flags and the environment say."""

    def __init__(self):
        options = (FileSystems._pipeline_options or PipelineOptions([])).view_as(S3Options)
        given = {theirs: getattr(options, ours) for ours, theirs in _FLAGS.items()}
        self._client = Session().client(
            "s3", use_ssl=not options.s3_disable_ssl, config=_LIMITS, **given
        )

    def _create(self, uri: str, content: bytes, version: str) -> str:
        bucket, name = split_uri(uri)
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            done = self._client.put_object(Bucket=bucket, Key=name, Body=content, **condition)
        except ClientError as error:
            # With a version, an object that is not there is another one, too.
            if _code(error) in (*_REFUSED, *(_MISSING if version else ())):
                return ""
            raise
        return done["ETag"]

    def _is_passing(self, error: Exception) -> bool:
        if isinstance(error, ClientError):
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return status == 429 or status >= 500 or _code(error) == _CONFLICT
        return isinstance(error, (ConnectionError, HTTPClientError))

    def write(self, uri: str, content: bytes) -> None:
        """Write an object, whether there is one or not."""
        bucket, name = split_uri(uri)
        self._client.put_object(Bucket=bucket, Key=name, Body=content)

    def read(self, uri: str) -> StoredObject | None:
        """Return an object; None if there is none."""
        bucket, name = split_uri(uri)
        try:
            found = self._client.get_object(Bucket=bucket, Key=name)
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return StoredObject(found["Body"].read(), found["ETag"], found["LastModified"])

    def delete(self, uri: str) -> None:
        """Delete an object, if there is one."""
        bucket, name = split_uri(uri)
        self._client.delete_object(Bucket=bucket, Key=name)

    def listing(self, prefix: str, limit_s: float = 120.0) -> Iterator[Listed]:
        """List objects, as `Store.listing` does."""
        bucket, name = split_uri(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=name)
        for page in pages:
            for one in page.get("Contents", ()):
                yield Listed(f"s3://{bucket}/{one['Key']}", one["Size"], one["ETag"])

    def upload(self, path: str, uri: str) -> None:
        """Write a file of this machine as an object."""
        self._client.upload_file(path, *split_uri(uri))

    def download(self, uri: str, path: str) -> bool:
        """Write an object as a file; return whether there was one."""
        try:
            self._client.download_file(*split_uri(uri), path)
        except ClientError as error:
            if _code(error) not in _MISSING:
                raise
            Path(path).unlink(missing_ok=True)
            return False
        return True

    def copy(self, source: str, target: str) -> None:
        """Write an object that has the content of another one of the same bucket."""
        bucket, name = split_uri(source)
        there = {"Bucket": bucket, "Key": name}
        self._client.copy(there, bucket, split_uri(target)[1])


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
