"""What the characters of a prefix are worth, apart from what the network saw."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model.decoding.config import BeamConfig
from model.language.lexicon import HYPHENS, LETTER, Lexicon
from model.language.ngram_model import LINE_END, LanguageModel, State
from model.text.charset import BLANK, Charset

# What the first word of a line begins with, so that it is known as such.
LINE_START = "\n"
# Contexts, and words, that are kept for when they come again: some 30 MB.
_MOST_KEPT = 20_000


class Context:
    """What a prefix ends in, as far as the language model looks back.

    Attributes:
        state: What the language model knows there; None without one.
        gains: The factors of the characters that were asked for.
        following: The contexts after them.
    """

    __slots__ = ("following", "gains", "state")

    def __init__(self, state: State | None):
        self.state = state
        self.gains: dict[int, float] = {}
        self.following: dict[int, Context] = {}


class PrefixWeights:
    """Language model and lexicon as factors: what each character multiplies a text's weight by.

    Args:
        charset: Of the recogniser.
        config: The exponents.
        language_model: None for none.
        lexicon: Words that cost nothing; None for no penalty.

    Attributes:
        has_lexicon: Whether words cost anything.
        label_costs: float32 [classes], what each label loses in every frame, in nats: the blank
            its penalty, a character the more the more frequent it is, a usual one nothing.
        most: No character multiplies a weight by more than this.

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
        self.most = math.exp(config.length_bonus) * (1 + 1e-9)
        self.label_costs = _label_costs(charset, config, language_model)
        self._characters = ("", *charset.characters)
        self._is_letter = [bool(LETTER.match(c)) for c in self._characters]
        self._model = language_model
        self._lexicon = lexicon
        self._config = config
        self._contexts: dict[State | None, Context] = {}
        self._of_words: dict[str, float] = {}

    def of_end(self, prefix: Sequence[int]) -> float:
        """Weigh that the line ends here, and its last word with it."""
        factor = self._of_word(self._word(prefix), is_last=True) if self.has_lexicon else 1.0
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
        """Give the context of the empty prefix."""
        if len(self._contexts) >= _MOST_KEPT:
            self._contexts.clear()
        return self._context(self._state(()))

    def _context(self, state: State | None) -> Context:
        found = self._contexts.get(state)
        if found is None:
            found = self._contexts[state] = Context(state)
        return found

    def gain(self, context: Context, label: int) -> float:
        """Weigh a character by what the language model says of it."""
        found = context.gains.get(label)
        if found is None:
            found = context.gains[label] = self._gain(context.state, label)
        return found

    def after(self, context: Context, label: int) -> Context:
        """Give the context one character later."""
        found = context.following.get(label)
        if found is None:
            state = context.state
            if state:
                state = self._model.state((*state.context, label))
            found = context.following[label] = self._context(state)
        return found

    def word(self, word: str, label: int) -> str:
        """Follow the word that a prefix ends in.

        Args:
            word: `LINE_START` at the start of a line, and the letters since what is none.
            label: The next character.
        """
        return word + self._characters[label] if self._is_letter[label] else ""

    def of_closing(self, word: str, label: int) -> float:
        """Weigh that a character comes after the letters of a word: it may close a wrong one."""
        if not word or self._is_letter[label] or self._characters[label] in HYPHENS:
            return 1.0
        factor = self._of_words.get(word)
        if factor is None:
            if len(self._of_words) >= _MOST_KEPT:
                self._of_words.clear()
            factor = self._of_words[word] = self._of_word(word)
        return factor

    def _of_word(self, word: str, is_last: bool = False) -> float:
        """Weigh a word that is closed."""
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
        usual = np.sum(shares * logs[BLANK + 1 :]) / np.sum(shares)
        costs[BLANK + 1 :] = config.frequency_weight * (logs[BLANK + 1 :] - usual)
    costs[BLANK] = config.blank_penalty
    return costs
