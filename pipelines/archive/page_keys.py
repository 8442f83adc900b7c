"""Keys of pages that earlier runs have read, and why a page is not read again."""

from __future__ import annotations

from functools import lru_cache

from pipelines.files.filesystem import read_bytes
from pipelines.files.key_set import KeySet, key_of
from schemas.records import SkipReason

# Why a page is not read again; tables store the values.
NOT_READ = (SkipReason.UNCHANGED.value, SkipReason.RETURNED.value)


def page_key(uri: str, sha256: str, lines_sha256: str, digest: str) -> bytes:
    """Name the reading of a page: image, given lines, model and preprocessing.

    Args:
        uri: The page.
        sha256: Digest of its image, or of the file of several pages that it is in.
        lines_sha256: Digest of the file that gives its lines; empty where none does.
        digest: Names model and preprocessing.
    """
    return key_of(uri, sha256, lines_sha256, digest)


def name_key(uri: str, digest: str) -> bytes:
    """Name a page that was read with a model and preprocessing, whatever it looked like.

    Args:
        uri: The page.
        digest: Names model and preprocessing.
    """
    return key_of(uri, digest)


def failing_key(uri: str) -> bytes:
    """Name a page, or a document, that failed when it was last tried.

    Args:
        uri: The page or document.
    """
    return key_of(uri)


@lru_cache(maxsize=1)
def known_keys(path: str) -> KeySet:
    """Read a file of keys, once in a process.

    Args:
        path: The file; empty for none.
    """
    return KeySet(read_bytes(path) if path else b"")
