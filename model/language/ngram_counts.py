"""Count character n-grams, each encoded as an integer: labels are digits, the last one lowest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from model.text.bidi import ink_order
from model.text.charset import Charset, normalise_text

# Characters per block of lines, and at least so many n-grams between two merges.
_BLOCK_CHARACTERS = 1 << 20
_UNICODE = 0x110000


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of the n-grams of one length.

    Attributes:
        keys: uint64 [n], encoded n-grams, sorted and unique.
        counts: int64 [n], occurrences of each.
    """

    keys: np.ndarray
    counts: np.ndarray


def count_ngrams(texts: Iterable[str], charset: Charset, length: int) -> Counts:
    """Return the counts of the n-grams of lines.

    A line is padded with length - 1 labels 0 at its start and one at its end.

    Args:
        texts: Lines; they are normalised, and empty ones are skipped.
        charset: Charset that maps characters to labels. n-grams with a character outside it are
            not counted.
        length: Length of the n-grams.

    Returns:
        Counts of the n-grams that end in a character or at the end of the line.

    Example:
        >>> found = count_ngrams(["ab"], Charset(("a", "b")), 2)
        >>> [divmod(int(key), 3) for key in found.keys], found.counts.tolist()
        ([(0, 1), (1, 2), (2, 0)], [1, 1, 1])
    """
    label_of = np.full(_UNICODE, -1, np.int64)
    label_of[[ord(character) for character in charset.characters]] = range(1, charset.class_count)
    label_of[ord("\n")] = 0
    total = Counts(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    waiting: list[Counts] = []
    for block in _blocks(texts, length):
        codes = np.frombuffer(block.encode("utf-32-le"), "<u4")
        keys = _keys(label_of[codes], charset.class_count, length)
        waiting.append(_summed(keys, np.ones(len(keys), np.int64)))
        if sum(len(part.keys) for part in waiting) > max(len(total.keys), _BLOCK_CHARACTERS):
            total, waiting = _merged([total, *waiting]), []
    return _merged([total, *waiting])


def _blocks(texts: Iterable[str], length: int) -> Iterator[str]:
    """Yield blocks of lines, joined with the padding between them."""
    lines: list[str] = []
    characters = 0
    for line in filter(None, map(ink_order, map(normalise_text, texts))):
        lines.append(line)
        characters += len(line) + length
        if characters >= _BLOCK_CHARACTERS:
            yield _joined(lines, length)
            lines, characters = [], 0
    if lines:
        yield _joined(lines, length)


def _joined(lines: list[str], length: int) -> str:
    pad = "\n" * length
    return pad[1:] + pad.join(lines) + "\n"


def _keys(labels: np.ndarray, base: int, length: int) -> np.ndarray:
    """Return the codes of n-grams of known labels that end within a line or at its end."""
    positions = len(labels) - length + 1
    keys = np.zeros(positions, np.uint64)
    known = np.ones(positions, bool)
    for at in range(length):
        digits = labels[at : at + positions]
        keys = keys * np.uint64(base) + np.maximum(digits, 0).astype(np.uint64)
        known &= digits >= 0
    last = labels[length - 1 :]
    in_line = (last != 0) | (labels[length - 2 : -1] != 0)
    return keys[known & in_line]


def _summed(keys: np.ndarray, counts: np.ndarray) -> Counts:
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.diff(keys, prepend=~keys[:1]) != 0)
    return Counts(keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts)


def _merged(parts: list[Counts]) -> Counts:
    return _summed(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )


def shorter_counts(longer: Counts, base: int, length: int) -> Counts:
    """Return the continuation counts of a lower order (Kneser and Ney 1995).

    Args:
        longer: Counts of the next higher order.
        base: Number of labels.
        length: Length of the n-grams to count.

    Returns:
        The number of different labels seen before each n-gram. An n-gram at the start of a line,
        which has no predecessor, keeps its number of occurrences.
    """
    keys = longer.keys % np.uint64(base**length)
    begins_line = (keys < base ** (length - 1)) & (length > 1)
    return _summed(keys, np.where(begins_line, longer.counts, 1))


def without_padding(counts: Counts, base: int, length: int) -> Counts:
    """Return counts without n-grams that begin with two padding labels, which are redundant."""
    if length < 2:
        return counts
    kept = counts.keys >= base ** (length - 2)
    return Counts(counts.keys[kept], counts.counts[kept])
