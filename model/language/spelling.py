"""Correct the spelling of what was read: a second text beside it, never in its place.

A word that no text for training and no list of the user's has is taken for another that differs
in one letter, where that one is much more frequent than all others that do; with one letter
missing, too many, another one, or two swapped, as in P. Norvig, "How to write a spelling
corrector" (2007), and W. Garbe's SymSpell. Everything that is not such a word stays: spaces,
punctuation, digits, and words that touch a hyphen or a mark of the transcribers.

It mends what was read greedily. A beam search with a language model has used what these words
could tell, and loses by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from model.language.lexicon import HYPHENS
from schemas.records import Character

_WORD = re.compile(r"[^\W\d_]+")
# A word that touches one of these is not whole, was crossed out, or is none.
_MARKS = HYPHENS | frozenset("#⋎_0123456789")
_MOST_LOOKED_UP = 100_000


@dataclass(frozen=True)
class SpellingConfig:
    """Set when a word is corrected; the defaults were chosen on lines of three archives.

    Attributes:
        least_letters: Shorter words stay.
        least_count: How often a word must occur to be put in the place of another.
        least_ratio: By how much more often than any other that is as near.
        most_confidence: A word stays where every letter was read with more.
    """

    least_letters: int = 4
    least_count: int = 2
    least_ratio: float = 3.0
    most_confidence: float = 0.9


class Speller:
    """Words that are known, and corrections to them.

    Args:
        counts: How often each word occurs, as from `model.language.word_counts.count_words`.
        config: When to correct.

    Example:
        >>> speller = Speller({"commune": 20, "maire": 9, "mairie": 8})
        >>> speller.correct("Le Maire de la Comune, n° 3 (mairi)")
        'Le Maire de la Commune, n° 3 (mairi)'
    """

    def __init__(self, counts: Mapping[str, int], config: SpellingConfig = SpellingConfig()):
        self._config = config
        self._counts: Counter[str] = Counter()
        for word, count in counts.items():
            self._counts[_folded(word)] += count
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word, count in self._counts.items():
            if count >= config.least_count:
                self._by_length[len(word)].append(word)
        # Archives repeat themselves, and so do misreadings.
        self._suggest = lru_cache(maxsize=_MOST_LOOKED_UP)(self._look_up)

    def __contains__(self, word: str) -> bool:
        return _folded(word) in self._counts

    def correct(self, text: str, characters: Sequence[Character] = ()) -> str:
        """Correct a line.

        Args:
            text: What was read, NFC.
            characters: The same, with confidences; empty where these are not known.

        Returns:
            The text with some of its words replaced; the same text where there is nothing to
            correct.
        """
        known = "".join(character.text for character in characters) == text
        sure = [c.confidence for c in characters for _ in c.text] if known else [0.0] * len(text)
        return _WORD.sub(lambda match: self._correct_word(match, sure), text)

    def suggest(self, word: str) -> str | None:
        """Find the known word that an unknown one must be; None where nothing tells.

        Example:
            >>> Speller({"nous": 30, "vous": 20, "tous": 19}).suggest("nuos")
            'nous'
        """
        return self._suggest(_folded(word))

    def _correct_word(self, match: re.Match, sure: Sequence[float]) -> str:
        word, (start, stop) = match.group(), match.span()
        around = match.string[max(start - 1, 0) : start] + match.string[stop : stop + 1]
        stays = (
            len(word) < self._config.least_letters
            or not _MARKS.isdisjoint(around)
            or min(sure[start:stop]) > self._config.most_confidence
            or word in self
        )
        found = None if stays else self.suggest(word)
        return word if found is None else _in_case_of(word, found)

    def _look_up(self, word: str) -> str | None:
        if word in self._counts:
            return None
        near = [
            found
            for length in range(len(word) - 1, len(word) + 2)
            for found, _, _ in process.extract(
                word,
                self._by_length.get(length, ()),
                scorer=OSA.distance,
                score_cutoff=1,
                limit=None,
            )
        ]
        ranked = sorted(near, key=lambda found: (-self._counts[found], found))
        if not ranked:
            return None
        runner_up = self._counts[ranked[1]] if len(ranked) > 1 else 0
        is_clear = self._counts[ranked[0]] >= self._config.least_ratio * runner_up
        return ranked[0] if is_clear else None


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word.lower())


def _in_case_of(word: str, found: str) -> str:
    """Write a word in small letters, with a capital, or in capitals, as another is written.

    Example:
        >>> _in_case_of("MARIE", "mairie"), _in_case_of("Marie", "mairie")
        ('MAIRIE', 'Mairie')
    """
    if word.isupper():
        return found.upper()
    return found[0].upper() + found[1:] if word[0].isupper() else found
