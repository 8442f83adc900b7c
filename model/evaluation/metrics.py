"""CER and WER: Levenshtein distance over reference length, micro-averaged.

Characters are code points of the NFC text with white space collapsed; words are separated by
spaces. Rates are summed distances over summed reference lengths, so a long line weighs more than a
short one. A line with an empty reference adds its hypothesis as insertions and nothing to the
length. Without any reference text the rate is 0 if nothing was read either, else infinity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from model.text.charset import normalise_text


@dataclass(frozen=True)
class ErrorCount:
    """Number of edits and reference length.

    Attributes:
        edits: Insertions, deletions and substitutions.
        length: Units in the reference.
    """

    edits: int = 0
    length: int = 0

    def __add__(self, other: ErrorCount) -> ErrorCount:
        return ErrorCount(self.edits + other.edits, self.length + other.length)

    @property
    def rate(self) -> float:
        """Edits over length."""
        if self.length:
            return self.edits / self.length
        return float("inf") if self.edits else 0.0


def character_errors(reference: str, hypothesis: str) -> ErrorCount:
    """Return the character errors of a line.

    Example:
        >>> character_errors("réunion", "reunions")
        ErrorCount(edits=2, length=7)
    """
    reference, hypothesis = normalise_text(reference), normalise_text(hypothesis)
    return ErrorCount(Levenshtein.distance(reference, hypothesis), len(reference))


def word_errors(reference: str, hypothesis: str) -> ErrorCount:
    """Return the word errors of a line.

    Example:
        >>> word_errors("le 12 mai", "le 12mai")
        ErrorCount(edits=2, length=3)
    """
    words, read = normalise_text(reference).split(), normalise_text(hypothesis).split()
    return ErrorCount(Levenshtein.distance(words, read), len(words))


def error_rates(pairs: Iterable[tuple[str, str]]) -> tuple[ErrorCount, ErrorCount]:
    """Return the summed errors of lines.

    Args:
        pairs: (reference, hypothesis) of each line.

    Returns:
        Character errors and word errors.

    Example:
        >>> cer, wer = error_rates([("abc", "abd"), ("x y", "x y")])
        >>> round(cer.rate, 3), round(wer.rate, 3)
        (0.167, 0.333)
    """
    characters, words = ErrorCount(), ErrorCount()
    for reference, hypothesis in pairs:
        characters += character_errors(reference, hypothesis)
        words += word_errors(reference, hypothesis)
    return characters, words
