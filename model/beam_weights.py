"""What the characters of a prefix are worth, apart from what the network saw."""

from __future__ import annotations

import math
from collections.abc import Sequence

from model.beam_config import BeamConfig
from model.charset import Charset
from model.language_model import LINE_END, LanguageModel, State
from model.lexicon import HYPHENS, LETTER, Lexicon

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
        # No character multiplies a weight by more than this.
        self.most = math.exp(config.length_bonus) * (1 + 1e-9)
        self._characters = ("", *charset.characters)
        self._is_letter = [bool(LETTER.match(c)) for c in self._characters]
        self._model = language_model
        self._lexicon = lexicon
        self._config = config
        self._contexts: dict[State | None, Context] = {}
        self._of_words: dict[str, float] = {}

    def of_prefix(self, prefix: Sequence[int]) -> float:
        """Weigh the last character of a prefix, which has one.

        Args:
            prefix: Labels from 1.
        """
        before, label = prefix[:-1], prefix[-1]
        word: str | None = None
        for earlier in before:
            word = self.word(word, earlier)
        return self._gain(self._state(before), label) * self.of_closing(word, label)

    def of_end(self, prefix: Sequence[int]) -> float:
        """Weigh that the line ends here."""
        state = self._state(prefix)
        if not state:
            return 1.0
        return math.exp(self._config.lm_weight * self._model.log_probability(state, LINE_END))

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

    def word(self, word: str | None, label: int) -> str | None:
        """Follow the word that a prefix ends in.

        Args:
            word: The letters so far; None in the first word of a line, which may be the rest of
                a word from the line before and is not looked up.
            label: The next character.
        """
        if not self._is_letter[label]:
            return ""
        return None if word is None else word + self._characters[label]

    def of_closing(self, word: str | None, label: int) -> float:
        """Weigh that a character comes after the letters of a word: it may close a wrong one."""
        if not word or self._is_letter[label] or self._characters[label] in HYPHENS:
            return 1.0
        factor = self._of_words.get(word)
        if factor is None:
            if len(self._of_words) >= _MOST_KEPT:
                self._of_words.clear()
            known = self._lexicon is None or word in self._lexicon
            factor = 1.0 if known else math.exp(-self._config.unknown_word_penalty)
            self._of_words[word] = factor
        return factor
