"""Perplexity of language models, alone or interpolated, on held-out text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from model.text.bidi import ink_order
from model.text.charset import normalise_text


class CharacterModel(Protocol):
    """A language model over characters."""

    def character_log_probabilities(self, text: str) -> Sequence[float]:
        """Return the log probability of each character of a line and of its end.

        Args:
            text: The line, NFC; characters outside the charset are skipped.

        Returns:
            Natural logarithms.
        """


def perplexity(texts: Iterable[str], *models: CharacterModel) -> float:
    """Return the perplexity of language models per character.

    Args:
        texts: Held-out lines; empty ones are skipped.
        models: Models of the same charset; probabilities of several models are averaged.

    Returns:
        exp of the mean negative log probability of a character or line end.

    Raises:
        ValueError: If there is no text.

    Example:
        >>> class Coin:
        ...     def character_log_probabilities(self, text):
        ...         return np.log([0.5] * len(text))
        >>> class Sure:
        ...     def character_log_probabilities(self, text):
        ...         return np.log([1.0] * len(text))
        >>> perplexity(["ab", ""], Coin()), round(perplexity(["ab"], Coin(), Sure()), 3)
        (2.0, 1.333)
    """
    found = [
        np.mean([np.exp(model.character_log_probabilities(text)) for model in models], axis=0)
        for text in filter(None, map(ink_order, map(normalise_text, texts)))
    ]
    if not found:
        raise ValueError("no text to measure the perplexity on; give at least one line")
    return float(np.exp(-np.log(np.concatenate(found)).mean()))
