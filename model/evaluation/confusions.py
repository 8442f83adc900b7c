"""What is read for what: the edits of the shortest alignment, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, order=True)
class Confusion:
    """One edit between the truth and what was read.

    Attributes:
        truth: The character that stands there; empty for an insertion.
        read: The character that was read; empty for a deletion.
    """

    truth: str
    read: str

    @property
    def kind(self) -> str:
        """'substitution', 'insertion' (read too much) or 'deletion' (not read)."""
        if self.truth and self.read:
            return "substitution"
        return "deletion" if self.truth else "insertion"


KINDS = ("substitution", "insertion", "deletion")


def confusions(truth: str, read: str) -> Iterator[Confusion]:
    """List the edits of one line, as few as its Levenshtein distance.

    Of several shortest alignments one is taken, always the same.

    Args:
        truth: What stands there.
        read: What was read.

    Yields:
        The edits, from left to right.

    Example:
        >>> [(c.truth, c.read, c.kind) for c in confusions("août", "aouts")]
        [('û', 'u', 'substitution'), ('', 's', 'insertion')]
    """
    for tag, at, to in Levenshtein.editops(truth, read).as_list():
        yield Confusion("" if tag == "insert" else truth[at], "" if tag == "delete" else read[to])


def commonest(counts: Counter[Confusion], most: int) -> list[tuple[Confusion, int]]:
    """Give the commonest confusions, those of equal count in the order of their characters.

    Example:
        >>> counts = Counter(confusions("aab", "ccd"))
        >>> [(c.truth, c.read, n) for c, n in commonest(counts, 1)]
        [('a', 'c', 2)]
    """
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:most]


def count_kinds(counts: Counter[Confusion]) -> dict[str, int]:
    """Sum confusions up by kind.

    Example:
        >>> count_kinds(Counter(confusions("abc", "xb")))
        {'substitution': 1, 'insertion': 0, 'deletion': 1}
    """
    sums = dict.fromkeys(KINDS, 0)
    for confusion, count in counts.items():
        sums[confusion.kind] += count
    return sums


def marked(truth: str, read: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Cut both texts of a line into runs that agree and runs that do not.

    Args:
        truth: What stands there.
        read: What was read.

    Returns:
        For either text its runs in order: (text, whether it is wrong).

    Example:
        >>> marked("août 12", "aout 1")
        ([('ao', False), ('û', True), ('t 1', False), ('2', True)], \
[('ao', False), ('u', True), ('t 1', False)])
    """
    of_truth, of_read = [], []
    for code in Levenshtein.opcodes(truth, read):
        is_wrong = code.tag != "equal"
        if code.src_end > code.src_start:
            of_truth.append((truth[code.src_start : code.src_end], is_wrong))
        if code.dest_end > code.dest_start:
            of_read.append((read[code.dest_start : code.dest_end], is_wrong))
    return of_truth, of_read
