"""A list of known words, held in 8 bytes per word."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice

import numpy as np

MOST_WORDS = 20_000_000
# Letters before one of these may be the first part of a word broken at the end of a line; they are
# not looked up.
HYPHENS = frozenset("-=¬\u00ad\u2010\u2011")
LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(rf"{LETTER.pattern}+")


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text: its runs of letters.

    Example:
        >>> list(words_of("l'été 1912, peut-être"))
        ['l', 'été', 'peut', 'être']
    """
    return (match.group() for match in _WORD.finditer(text))


class Lexicon:
    """A set of words, held as sorted 64-bit digests.

    The probability that two of 20 million words share a digest is 1 in 90,000. A collision makes
    an unknown word count as known.

    Args:
        words: Words in NFC, their letters in the order of the ink. A capitalised word is also
            known if its lower-case form is listed.

    Raises:
        ValueError: If there is no word, or there are more than 20 million.

    Example:
        >>> lexicon = Lexicon(words_of("le chat"))
        >>> "Chat" in lexicon, "chien" in lexicon
        (True, False)
    """

    def __init__(self, words: Iterable[str]):
        digests = np.fromiter(map(_digest, islice(words, MOST_WORDS + 1)), np.uint64)
        if not len(digests):
            raise ValueError("lexicon without words; give at least one word, or no lexicon")
        if len(digests) > MOST_WORDS:
            raise ValueError(f"lexicon of more than {MOST_WORDS:,} words; leave rare ones out")
        self._digests = memoryview(np.unique(digests))

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, word: str) -> bool:
        return self._lists(word) or self._lists(word.lower())

    def _lists(self, word: str) -> bool:
        digest = _digest(word)
        at = bisect_left(self._digests, digest)
        return at < len(self._digests) and self._digests[at] == digest


def _digest(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
