"""Search for keys of lines that occur in two splits, with 8 bytes per key.

Almost all keys belong to a single line, or to lines of one split, and cannot lead to a leak. To
discard them first, millions of lines are represented by short integers, not by fingerprints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from schemas.features import SPLITS
from schemas.records import LineFact

_SPLIT_BITS = 2
_NUMBER_OF_SPLIT = {split: number for number, split in enumerate(SPLITS)}


def leak_keys(fact: LineFact) -> list[str]:
    """Return the keys of a line; it shares at least one with each line that it may copy.

    Args:
        fact: The line.

    Returns:
        The digest of its page, and the bands of its fingerprint.
    """
    return [f"page {fact.page_sha256}", *fact.bands]


def short_key(key: str) -> int:
    """Return the hash of a key.

    Args:
        key: One of `leak_keys`.

    Returns:
        62 bits. A collision only causes more lines to be compared.

    Example:
        >>> short_key("0:37:1a2b3") >> 62
        0
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> _SPLIT_BITS


def entries(fact: LineFact) -> list[int]:
    """Return the keys of a line, each combined with its split.

    Args:
        fact: The line.

    Returns:
        A 64-bit integer for each key: the short key, and the split in the two lowest bits.
    """
    split = _NUMBER_OF_SPLIT[fact.split]
    return [short_key(key) << _SPLIT_BITS | split for key in leak_keys(fact)]


def partition_by_key(entries_seen: np.ndarray, parts: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield entries in parts by their keys, without duplicates.

    Args:
        entries_seen: uint64 [n], from `entries`.
        parts: Number of parts.

    Yields:
        (number of the part, its entries, uint64) of each part that is not empty.
    """
    distinct = np.unique(entries_seen)
    part_of_entry = (distinct >> _SPLIT_BITS) % parts
    for part in range(parts):
        chosen = distinct[part_of_entry == part]
        if chosen.size:
            yield part, chosen


def keys_in_two_splits(entries_seen: np.ndarray) -> np.ndarray:
    """Return the keys that occur in more than one split.

    Args:
        entries_seen: uint64 [n], all entries of the keys in question, in any order.

    Returns:
        uint64 [m], short keys, sorted.

    Example:
        >>> facts = [LineFact("a", "l", split, "e3b0", b"", ()) for split in ("train", "test")]
        >>> keys_in_two_splits(np.uint64([entries(fact)[0] for fact in facts])).size
        1
    """
    keys = np.unique(entries_seen) >> _SPLIT_BITS
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def shared_keys(fact: LineFact, short_keys: np.ndarray) -> Iterable[str]:
    """Return the keys of a line that occur in two splits.

    Args:
        fact: The line.
        short_keys: uint64 [m], sorted, from `keys_in_two_splits`.
    """
    keys = leak_keys(fact)
    wanted = np.fromiter(map(short_key, keys), np.uint64, len(keys))
    places = np.minimum(np.searchsorted(short_keys, wanted), len(short_keys) - 1)
    return [key for key, found in zip(keys, short_keys[places] == wanted) if found]
