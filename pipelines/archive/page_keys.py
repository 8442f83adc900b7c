"""Keys of pages that earlier runs have read, and the reasons not to read a page again."""

from __future__ import annotations

from functools import lru_cache

from pipelines.files.filesystem import read_bytes
from pipelines.files.key_set import KeySet, key_of
from pipelines.formats.names import split_page_uri
from schemas.records import SkipReason

# Reasons not to read a page again, as stored in the tables.
NOT_READ = tuple(
    reason.value
    for reason in (
        SkipReason.UNCHANGED,
        SkipReason.RETURNED,
        SkipReason.RESTORED,
        SkipReason.ALIKE,
    )
)


def page_key(uri: str, sha256: str, lines_sha256: str, digest: str) -> bytes:
    """Return the key of a reading of a page: its image, given lines, model and preprocessing.

    Args:
        uri: The page.
        sha256: Digest of its image, or of the multi-page file that it is in.
        lines_sha256: Digest of the file with its lines; empty if there is none.
        digest: Identifies model and preprocessing.
    """
    return key_of(uri, sha256, lines_sha256, digest)


def older_key(uri: str, sha256: str, lines_sha256: str, digest: str) -> bytes:
    """Return the key of a reading of a page that is not its newest one; as `page_key`."""
    return key_of(uri, sha256, lines_sha256, digest, "older")


def content_key(sha256: str, lines_sha256: str, digest: str) -> bytes:
    """Return the key of a reading of an image, whatever page it is.

    Args:
        sha256: Digest of the image; or of the file and its number, from `page_of_file`.
        lines_sha256: As for `page_key`.
        digest: As for `page_key`.
    """
    return key_of(sha256, lines_sha256, digest)


def page_of_file(file_sha256: str, uri: str) -> str:
    """Return what identifies the image of a page in a multi-page file, without decoding it.

    Example:
        >>> page_of_file("ab", "d/scan.pdf#page=3")
        'ab#page=3'
    """
    return f"{file_sha256}#page={split_page_uri(uri)[1]}"


def name_key(uri: str, why: str) -> bytes:
    """Return the key of a page that was read before, whatever its image.

    Args:
        uri: The page.
        why: Why it would be read again even if it has not changed; empty for no reason.
    """
    return key_of(uri, why)


def failing_key(uri: str) -> bytes:
    """Return the key of a page or document that failed when it was last read, or is gone.

    Args:
        uri: The page or document.
    """
    return key_of(uri)


@lru_cache(maxsize=1)
def known_keys(path: str) -> KeySet:
    """Return the keys in a file, which is read once per process.

    Args:
        path: The file; empty for none.
    """
    return KeySet(read_bytes(path) if path else b"")
