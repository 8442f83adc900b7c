"""Compact sets of keys: sorted digests of 16 bytes each, searched in place."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np

_KEY_BYTES = 16


def key_of(*parts: str) -> bytes:
    """Return the key of some texts.

    Among ten million texts, the probability of any collision is about 1 in 10^24.

    Example:
        >>> len(key_of("a", "bc")), key_of("a", "bc") == key_of("ab", "c")
        (16, False)
    """
    digest = hashlib.blake2b(digest_size=_KEY_BYTES)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


def short_keys(texts: Sequence[str]) -> np.ndarray:
    """Return keys of 8 bytes that are comparable only within one process.

    Args:
        texts: Any texts. A few different ones may share a key, so compare the texts of equal
            keys.

    Returns:
        int64 [texts].

    Example:
        >>> one, other, again = short_keys(["a", "b", "a"])
        >>> bool(one == again), bool(one == other)
        (True, False)
    """
    return np.fromiter(map(hash, texts), np.int64, len(texts))


def sorted_keys(keys: Iterable[bytes]) -> bytes:
    """Sort keys into one block of memory, 16 bytes each.

    Args:
        keys: Keys from `key_of`, single or concatenated; duplicates are allowed.

    Returns:
        The distinct keys, concatenated.
    """
    return np.unique(np.frombuffer(b"".join(keys), f"S{_KEY_BYTES}")).tobytes()


class KeySet:
    """A set of sorted keys.

    Args:
        data: The keys from `sorted_keys`.

    Raises:
        ValueError: If the data ends in the middle of a key.

    Example:
        >>> keys = KeySet(sorted_keys([key_of("a"), key_of("b"), key_of("a")]))
        >>> len(keys), key_of("b") in keys, key_of("c") in keys
        (2, True, False)
    """

    def __init__(self, data: bytes):
        if len(data) % _KEY_BYTES:
            raise ValueError(f"{len(data)} bytes are not whole keys; the file is truncated")
        self._data = data

    def __len__(self) -> int:
        return len(self._data) // _KEY_BYTES

    def __getitem__(self, place: int) -> bytes:
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._data[place * _KEY_BYTES : (place + 1) * _KEY_BYTES]

    def __contains__(self, key: bytes) -> bool:
        place = bisect_left(self, key)
        return place < len(self) and self[place] == key


class UriTally:
    """An order-independent checksum of URIs: their number and the sum of their digests.

    Two tallies are equal if they counted the same URIs equally often; the probability that
    different URIs give the same sum is 1 in 10^19.

    Example:
        >>> one, other = UriTally(), UriTally()
        >>> for uri in "ab": one.add(uri)
        >>> for uri in "ba": other.add(uri)
        >>> one == other, one.count
        (True, 2)
    """

    def __init__(self, count: int = 0, total: int = 0):
        self.count, self.total = count, total

    def add(self, uri: str) -> None:
        """Count a URI."""
        self.merge(UriTally(1, int.from_bytes(key_of(uri)[:8], "big")))

    def merge(self, other: UriTally) -> None:
        """Add all URIs that another tally counted."""
        self.count += other.count
        self.total = (self.total + other.total) % 2**64

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UriTally) and (self.count, self.total) == (
            other.count,
            other.total,
        )

    __hash__ = None
