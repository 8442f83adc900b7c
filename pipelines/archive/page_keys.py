"""Keys of pages that earlier runs have read, and the reasons not to read a page again."""

from __future__ import annotations

from functools import lru_cache

from pipelines.files.filesystem import read_bytes
from pipelines.files.key_set import KeySet, key_of
from schemas.records import SkipReason

# Reasons not to read a page again, as stored in the tables.
NOT_READ = (SkipReason.UNCHANGED.value, SkipReason.RETURNED.value)


def page_key(uri: str, sha256: str, lines_sha256: str, digest: str) -> bytes:
    """Return the key of a reading of a page: its image, given lines, model and preprocessing.

    Args:
        uri: The page.
        sha256: Digest of its image, or of the multi-page file that it is in.
        lines_sha256: Digest of the file with its lines; empty if there is none.
        digest: Identifies model and preprocessing.
    """
    return key_of(uri, sha256, lines_sha256, digest)


def name_key(uri: str, digest: str) -> bytes:
    """Return the key of a page that was read with a model and preprocessing, whatever its image.

    Args:
        uri: The page.
        digest: Identifies model and preprocessing.
    """
    return key_of(uri, digest)


def failing_key(uri: str) -> bytes:
    """Return the key of a page or document that failed in the last run that read it.

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
