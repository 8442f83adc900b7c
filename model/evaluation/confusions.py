"""Character confusions: the edits of the shortest alignment of truth and transcript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, order=True)
class Confusion:
    """An edit between ground truth and transcript.

    Attributes:
        truth: Character of the ground truth; empty for an insertion.
        read: Character of the transcript; empty for a deletion.
    """

    truth: str
    read: str

    @property
    def kind(self) -> str:
        """'substitution', 'insertion' (read, not in the truth) or 'deletion' (not read)."""
        if self.truth and self.read:
            return "substitution"
        return "deletion" if self.truth else "insertion"


KINDS = ("substitution", "insertion", "deletion")


def confusions(truth: str, read: str) -> Iterator[Confusion]:
    """Yield the edits of a line's shortest alignment, from left to right.

    Of several shortest alignments the choice is deterministic.

    Args:
        truth: Ground truth.
        read: Transcript.

    Example:
        >>> [(c.truth, c.read, c.kind) for c in confusions("août", "aouts")]
        [('û', 'u', 'substitution'), ('', 's', 'insertion')]
    """
    for tag, at, to in Levenshtein.editops(truth, read).as_list():
        yield Confusion("" if tag == "insert" else truth[at], "" if tag == "delete" else read[to])


def commonest(counts: Counter[Confusion], most: int) -> list[tuple[Confusion, int]]:
    """Return the most common confusions; those of equal count are sorted by character.

    Example:
        >>> counts = Counter(confusions("aab", "ccd"))
        >>> [(c.truth, c.read, n) for c, n in commonest(counts, 1)]
        [('a', 'c', 2)]
    """
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:most]


def count_kinds(counts: Counter[Confusion]) -> dict[str, int]:
    """Return the number of confusions of each kind.

    Example:
        >>> count_kinds(Counter(confusions("abc", "xb")))
        {'substitution': 1, 'insertion': 0, 'deletion': 1}
    """
    sums = dict.fromkeys(KINDS, 0)
    for confusion, count in counts.items():
        sums[confusion.kind] += count
    return sums


def marked(truth: str, read: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Return both texts of a line, split into runs that agree and runs that differ.

    Args:
        truth: Ground truth.
        read: Transcript.

    Returns:
        The runs of each text in order: (text, whether it is wrong).

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
