"""Factors of the language model and the lexicon in the weight of a prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model.decoding.config import BeamConfig
from model.language.lexicon import HYPHENS, LETTER, Lexicon
from model.language.ngram_model import LINE_END, LanguageModel, State
from model.text.charset import BLANK, Charset

# Marks the first word of a line: it precedes the letters of that word.
LINE_START = "\n"
# Size of the caches of contexts and of words: about 30 MB.
_CACHE_SIZE = 20_000


class Context:
    """The end of a prefix, as far as the language model looks back.

    Attributes:
        state: State of the language model; None without one.
        gains: Cached factors by label.
        following: Cached contexts after each label.
    """

    __slots__ = ("following", "gains", "state")

    def __init__(self, state: State | None):
        self.state = state
        self.gains: dict[int, float] = {}
        self.following: dict[int, Context] = {}


class PrefixWeights:
    """The factors by which each character multiplies the weight of a prefix.

    Args:
        charset: Charset of the recogniser.
        config: Weights and penalties.
        language_model: Language model; None for none.
        lexicon: Words without penalty; None for no penalties.

    Attributes:
        has_lexicon: Whether unknown words have a penalty.
        label_costs: float32 [classes], penalty of each label in every frame, in nats: the blank's
            own, and for characters one that rises with their frequency and averages 0.
        max_factor: Upper bound of the factor of a character.

    Raises:
        ValueError: If the language model is of another charset.
    """

    def __init__(
        self,
        charset: Charset,
        config: BeamConfig,
        language_model: LanguageModel | None = None,
        lexicon: Lexicon | None = None,
    ):
        if language_model and language_model.charset.characters != charset.characters:
            raise ValueError(
                "language model of another charset; build it from the charset of the recogniser"
            )
        self.has_lexicon = lexicon is not None
        self.max_factor = math.exp(config.length_bonus) * (1 + 1e-9)
        self.label_costs = _label_costs(charset, config, language_model)
        self._characters = ("", *charset.characters)
        self._is_letter = [bool(LETTER.match(c)) for c in self._characters]
        self._model = language_model
        self._lexicon = lexicon
        self._config = config
        self._contexts: dict[State | None, Context] = {}
        self._word_factors: dict[str, float] = {}

    def end_factor(self, prefix: Sequence[int]) -> float:
        """Return the factor of the end of the line, which also ends its last word."""
        factor = self._word_factor(self._word(prefix), is_last=True) if self.has_lexicon else 1.0
        state = self._state(prefix)
        if not state:
            return factor
        log_end = self._model.log_probability(state, LINE_END)
        return factor * math.exp(self._config.lm_weight * log_end)

    def _word(self, prefix: Sequence[int]) -> str:
        start = len(prefix)
        while start and self._is_letter[prefix[start - 1]]:
            start -= 1
        letters = "".join(self._characters[label] for label in prefix[start:])
        return letters if start else LINE_START + letters

    def _state(self, prefix: Sequence[int]) -> State | None:
        if not self._model:
            return None
        return self._model.state((LINE_END, *prefix[-self._model.order :]))

    def _gain(self, state: State | None, label: int) -> float:
        gain = self._config.length_bonus
        if state:
            gain += self._config.lm_weight * self._model.log_probability(state, label)
        return math.exp(gain)

    def line_start(self) -> Context:
        """Return the context of the empty prefix."""
        if len(self._contexts) >= _CACHE_SIZE:
            self._contexts.clear()
        return self._context(self._state(()))

    def _context(self, state: State | None) -> Context:
        found = self._contexts.get(state)
        if found is None:
            found = self._contexts[state] = Context(state)
        return found

    def gain(self, context: Context, label: int) -> float:
        """Return the factor of a character by the language model and the length bonus."""
        found = context.gains.get(label)
        if found is None:
            found = context.gains[label] = self._gain(context.state, label)
        return found

    def next_context(self, context: Context, label: int) -> Context:
        """Return the context after one more character."""
        found = context.following.get(label)
        if found is None:
            state = context.state
            if state:
                state = self._model.state((*state.context, label))
            found = context.following[label] = self._context(state)
        return found

    def extend_word(self, word: str, label: int) -> str:
        """Return the word that a prefix ends in after one more character.

        Args:
            word: The word before: the letters since the last other character, after `LINE_START`
                for the first word of a line.
            label: The next character.
        """
        return word + self._characters[label] if self._is_letter[label] else ""

    def word_end_factor(self, word: str, label: int) -> float:
        """Return the factor of a character that may end a word, which may be unknown."""
        if not word or self._is_letter[label] or self._characters[label] in HYPHENS:
            return 1.0
        factor = self._word_factors.get(word)
        if factor is None:
            if len(self._word_factors) >= _CACHE_SIZE:
                self._word_factors.clear()
            factor = self._word_factors[word] = self._word_factor(word)
        return factor

    def _word_factor(self, word: str, is_last: bool = False) -> float:
        """Return the factor of a complete word."""
        letters = word.removeprefix(LINE_START)
        if not letters or self._lexicon is None or letters in self._lexicon:
            return 1.0
        if is_last or letters != word:
            return math.exp(-self._config.unknown_edge_penalty)
        return math.exp(-self._config.unknown_word_penalty)


def _label_costs(
    charset: Charset, config: BeamConfig, language_model: LanguageModel | None
) -> np.ndarray:
    costs = np.zeros(charset.class_count, np.float32)
    logs = language_model.log_frequencies if language_model else None
    if logs is not None:
        shares = np.exp(logs[BLANK + 1 :])
        mean = np.sum(shares * logs[BLANK + 1 :]) / np.sum(shares)
        costs[BLANK + 1 :] = config.frequency_weight * (logs[BLANK + 1 :] - mean)
    costs[BLANK] = config.blank_penalty
    return costs
