"""The words of a text, and what a user who searches asks for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MOST_WORDS = 8
# Shorter words are near too many others.
_LEAST_NEAR = 4


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return where the words of a text are: runs of letters, marks and digits.

    Example:
        >>> word_spans("l’an 1858, né")
        [(0, 1), (2, 4), (5, 9), (11, 13)]
    """
    spans, start = [], None
    for place, letter in enumerate(f"{text} "):
        if unicodedata.category(letter)[0] in "LMN" and place < len(text):
            start = place if start is None else start
        elif start is not None:
            spans.append((start, place))
            start = None
    return spans


def folded(word: str) -> str:
    """Return a word in lower case, without accents.

    Example:
        >>> folded("Élève")
        'eleve'
    """
    parts = unicodedata.normalize("NFD", word.lower())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


@dataclass(frozen=True)
class Sought:
    """One word that is sought.

    Attributes:
        word: The word, folded.
        is_start: Whether words that start with it are sought, too: `notair*`.
        distance: Most letters that may be added, left out or changed.
    """

    word: str
    is_start: bool = False
    distance: int = 0


def sought_words(query: str, is_near: bool) -> list[Sought]:
    """Return the words of a query; others than the first few are left out.

    Args:
        query: What the user typed.
        is_near: Whether words that differ by one letter are sought, too.

    Example:
        >>> sought_words("Maître", True)
        [Sought(word='maitre', is_start=False, distance=1)]
        >>> sought_words("Not*", True)
        [Sought(word='not', is_start=True, distance=0)]
    """
    found = []
    for start, stop in word_spans(query)[:MOST_WORDS]:
        word = folded(query[start:stop])
        is_start = query[stop : stop + 1] == "*"
        distance = int(is_near and not is_start and len(word) >= _LEAST_NEAR)
        found.append(Sought(word, is_start, distance))
    return [one for one in dict.fromkeys(found) if one.word]
