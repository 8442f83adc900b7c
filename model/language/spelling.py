"""Spelling correction of transcripts; the corrected text is given beside the one that was read.

An unknown word, which is neither in the training texts nor in the user's word list, is replaced by
a known word at edit distance 1 if that one is much more frequent than all others at distance 1. An
edit is a letter inserted, deleted or substituted, or two adjacent letters swapped, as in P. Norvig,
"How to write a spelling corrector" (2007), and W. Garbe's SymSpell. Everything else stays: spaces,
punctuation, digits, and words next to a hyphen or a mark of the transcribers.

Correction improves greedy transcripts only. A beam search with a language model already uses the
words of the training texts, and correction makes its transcripts worse.
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
# Letters next to one of these are part of a broken or crossed-out word, or of a number.
_MARKS = HYPHENS | frozenset("#⋎_0123456789")
_MOST_LOOKED_UP = 100_000


@dataclass(frozen=True)
class SpellingConfig:
    """When a word is corrected; the defaults were tuned on lines of three archives.

    Attributes:
        least_letters: Shorter words are not corrected.
        least_count: Minimum count of a word that replaces another.
        least_ratio: Minimum ratio of its count to that of the next most frequent candidate.
        most_confidence: A word is not corrected if each of its letters has a higher confidence.
    """

    least_letters: int = 4
    least_count: int = 2
    least_ratio: float = 3.0
    most_confidence: float = 0.9


class Speller:
    """Corrects unknown words to known ones.

    Args:
        counts: Count of each known word, from `model.language.word_counts.count_words`.
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
        # The same misreadings recur throughout an archive.
        self._suggest = lru_cache(maxsize=_MOST_LOOKED_UP)(self._look_up)

    def __contains__(self, word: str) -> bool:
        return _folded(word) in self._counts

    def correct(self, text: str, characters: Sequence[Character] = ()) -> str:
        """Return a line with its unknown words corrected.

        Args:
            text: The text that was read, NFC.
            characters: Its characters with confidences; empty if they are not known.

        Returns:
            The corrected text; `text` itself if there is nothing to correct.
        """
        known = "".join(character.text for character in characters) == text
        confidences = (
            [c.confidence for c in characters for _ in c.text] if known else [0.0] * len(text)
        )
        return _WORD.sub(lambda match: self._correct_word(match, confidences), text)

    def suggest(self, word: str) -> str | None:
        """Return the correction of an unknown word; None if there is no clear candidate.

        Example:
            >>> Speller({"nous": 30, "vous": 20, "tous": 19}).suggest("nuos")
            'nous'
        """
        return self._suggest(_folded(word))

    def _correct_word(self, match: re.Match, confidences: Sequence[float]) -> str:
        word, (start, stop) = match.group(), match.span()
        around = match.string[max(start - 1, 0) : start] + match.string[stop : stop + 1]
        stays = (
            len(word) < self._config.least_letters
            or not _MARKS.isdisjoint(around)
            or min(confidences[start:stop]) > self._config.most_confidence
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
    """Return a lower-case word in the case of another: lower, capitalised or upper.

    Example:
        >>> _in_case_of("MARIE", "mairie"), _in_case_of("Marie", "mairie")
        ('MAIRIE', 'Mairie')
    """
    if word.isupper():
        return found.upper()
    return found[0].upper() + found[1:] if word[0].isupper() else found
