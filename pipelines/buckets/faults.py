"""What is wrong with a bucket: each library has errors of its own for it."""

from __future__ import annotations

import re

from pipelines.buckets.anonymous import is_anonymous
from pipelines.buckets.store import scheme_of, split_uri, store_of

_CREDENTIALS = {
    "gs": "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to ~/.aws/credentials",
}
_MISSING = ("NoSuchBucket",)
_UNKNOWN = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
_FORBIDDEN = ("AccessDenied", "AllAccessDisabled", "403", "Forbidden")
# Classes of botocore, google.auth, google.api_core and requests, by what they say.
_NO_CREDENTIALS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "NoAuthTokenError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
    "ProfileNotFound",
    "DefaultCredentialsError",
    "RefreshError",
)
_UNREACHABLE = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionClosedError",
    "ConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "Timeout",
    "TransportError",
    "RetryError",
)
_LIBRARIES = ("botocore", "boto3", "google.api_core", "google.auth", "google.cloud", "requests")
_LONGEST = 200
_LIMIT_S = 20.0
_BEFORE_WILD_CARD = re.compile(r"[^*?[]*")


def fault_of(error: BaseException, uri: str = "") -> str:
    """Return what an error of a library says of a bucket, and the cure; empty for other errors.

    Args:
        error: The error.
        uri: What was listed; empty where that is not known.
    """
    module = type(error).__module__
    if not module.startswith(_LIBRARIES):
        return ""
    scheme = scheme_of(uri) or ("s3" if module.startswith("boto") else "gs")
    bucket = f"bucket {split_uri(uri)[0]}" if uri else "bucket"
    code, status = _code_and_status(error)
    kinds = _kinds(error)
    if code in _UNKNOWN or status == 401 or kinds & {*_NO_CREDENTIALS}:
        lack = "were found" if kinds & {*_NO_CREDENTIALS} or is_anonymous() else "are valid"
        return f"no credentials for {scheme}:// {lack}; {_CREDENTIALS[scheme]}"
    if code in _FORBIDDEN or status == 403:
        return (
            f"access to the {bucket} is forbidden; ask for the right to list, read and write its "
            "objects"
        )
    if code in _MISSING or (status == 404 and uri):
        return f"there is no such {bucket}; check the name, or create it"
    reason = _first_line(error)
    if is_unreachable(error):
        return f"the store does not answer ({reason}); check the network and its address"
    # What no server has said is a fault of the program.
    return f"the store refuses ({reason})" if code or status else ""


def is_unreachable(error: BaseException) -> bool:
    """Return whether a library could not reach a store."""
    return bool(_kinds(error) & {*_UNREACHABLE})


def _kinds(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def bucket_fault(uri: str, is_folder: bool = False) -> str:
    """Return why a bucket cannot be used, as far as a listing of one object tells.

    Args:
        uri: An object, folder or glob in a bucket; other paths have no fault.
        is_folder: Whether it must be a folder in the bucket, or a new one.
    """
    bucket, name = split_uri(uri)
    if scheme_of(uri) not in _CREDENTIALS:
        return ""
    if not bucket:
        return f"names no bucket; write {scheme_of(uri)}://BUCKET/FOLDER"
    if is_folder and not name.strip("/"):
        return f"is a whole bucket; give a folder in it, as {uri.rstrip('/')}/transcripts"
    try:
        place = uri.rstrip("/") if is_folder else _BEFORE_WILD_CARD.match(uri)[0]
        first = next((one.uri for one in store_of(uri).listing(place, _LIMIT_S)), "")
    except Exception as error:
        if fault := fault_of(error, uri):
            return fault
        raise
    if is_folder and first == uri.rstrip("/"):
        return "is an object, no folder; give another name"
    return ""


def _code_and_status(error: BaseException) -> tuple[str, int]:
    """Return the code that S3 gives an error, and its HTTP status."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return str(response.get("Error", {}).get("Code", "")), int(status or 0)
    status = getattr(error, "code", 0)
    return "", int(status) if isinstance(status, int) else 0


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:_LONGEST] if lines else ""
