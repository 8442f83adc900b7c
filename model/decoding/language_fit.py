"""Which language model knows the language of a page, if any does.

A beam search with the model of another language reads worse than the best path. The characters that
the network is sure of tell the language: where a language model finds them unlikely, it does not
know it. One line has too few of them; a page has enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from model.decoding.ctc import best_path
from model.language.ngram_model import LanguageModel

# Mean surprise above which a page is read without the model. With a model of French, pages of seven
# French archives have 1.0 to 2.3 nats a character, those in Italian, Spanish and German 2.5 to 3.1.
MOST_SURPRISE_NATS = 2.4
# The model that knows a page best of several is seldom one of another language, so that a page may
# surprise it more: with six, nearly all pages of old Italian and Spanish hands are below that.
_MORE_WITH_OTHERS_NATS = 0.3
# A page counts as if it had also so many characters of a usual surprise, so that a few cannot
# decide.
_PRIOR_CHARACTERS, _PRIOR_NATS = 10, 2.2
# A character counts if the network is sure of it and of those before it.
_LEAST_CONFIDENCE, _CONTEXT = 0.8, 3


@dataclass(frozen=True)
class Surprise:
    """How unlikely a language model finds some characters.

    Attributes:
        nats: Sum of their negative log probabilities, each given those before it.
        characters: Number of characters.
    """

    nats: float = 0.0
    characters: int = 0

    def __add__(self, other: Surprise) -> Surprise:
        return Surprise(self.nats + other.nats, self.characters + other.characters)

    @property
    def nats_a_character(self) -> float:
        """Mean surprise, with a prior that counts little on a page of some lines.

        Example:
            >>> Surprise().nats_a_character, Surprise(300.0, 90).nats_a_character
            (2.2, 3.22)
        """
        nats = self.nats + _PRIOR_NATS * _PRIOR_CHARACTERS
        return nats / (self.characters + _PRIOR_CHARACTERS)


def measure_surprise(logits: np.ndarray, language_model: LanguageModel) -> Surprise:
    """Measure how unlikely a language model finds what the network is sure of in a line.

    Args:
        logits: float [time, classes], unnormalised and finite.
        language_model: A model of the same charset.

    Returns:
        The surprise of the characters that stand after others of which the network is sure, too.
    """
    return measure_surprises(logits, {"": language_model})[""]


def measure_surprises(
    logits: np.ndarray, language_models: Mapping[str, LanguageModel]
) -> dict[str, Surprise]:
    """Measure how unlikely each language model finds what the network is sure of in a line.

    Args:
        logits: float [time, classes], unnormalised and finite.
        language_models: Models of one charset, by language; at least one.

    Returns:
        For each language the surprise, as from `measure_surprise`.
    """
    labels, peaks = best_path(logits)
    counted = np.zeros(0, bool)
    if len(labels) > _CONTEXT:
        counted = sliding_window_view(peaks >= _LEAST_CONFIDENCE, _CONTEXT + 1).all(axis=-1)
    if not counted.any():
        return dict.fromkeys(language_models, Surprise())
    surprises = {}
    text = next(iter(language_models.values())).charset.decode(labels.tolist())
    for language, model in language_models.items():
        scores = np.asarray(model.character_log_probabilities(text))[_CONTEXT:-1]
        surprises[language] = Surprise(-float(scores[counted].sum()), int(counted.sum()))
    return surprises


def known_language(surprises: Mapping[str, Surprise], most_nats: float) -> str | None:
    """Return the language of the model that knows a page best.

    Args:
        surprises: The sum over the lines of the page, by language; of equal ones the first.
        most_nats: The most surprise a character with which a model that is alone still knows the
            language; with others it may be a little more.

    Returns:
        The language; None if no model knows it.

    Example:
        >>> surprises = {"fr": Surprise(290.0, 100), "it": Surprise(180.0, 100)}
        >>> known_language(surprises, 1.7), known_language(surprises, 1.4)
        ('it', None)
    """
    best = min(surprises, key=lambda language: surprises[language].nats_a_character)
    if len(surprises) > 1:
        most_nats += _MORE_WITH_OTHERS_NATS
    return best if surprises[best].nats_a_character <= most_nats else None
