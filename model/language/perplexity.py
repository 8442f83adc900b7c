"""How well language models foretell a text, alone or together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from model.text.charset import normalise_text


class CharacterModel(Protocol):
    """A language model over characters."""

    def log_characters(self, text: str) -> Sequence[float]:
        """Tell how likely each character of a line is, and its end, after what stands before.

        Args:
            text: In NFC; characters that the recogniser cannot write are passed over.

        Returns:
            Natural logarithms.
        """


def perplexity(texts: Iterable[str], *models: CharacterModel) -> float:
    """Measure how well models foretell some lines.

    Args:
        texts: Lines that they were not built from; empty ones are passed over.
        models: Of the same charset; of several the mean of the probabilities counts.

    Returns:
        exp of the mean negative log probability of a character or line end.

    Raises:
        ValueError: If there is no text.

    Example:
        >>> class Coin:
        ...     def log_characters(self, text):
        ...         return np.log([0.5] * len(text))
        >>> class Sure:
        ...     def log_characters(self, text):
        ...         return np.log([1.0] * len(text))
        >>> perplexity(["ab", ""], Coin()), round(perplexity(["ab"], Coin(), Sure()), 3)
        (2.0, 1.333)
    """
    found = [
        np.mean([np.exp(model.log_characters(text)) for model in models], axis=0)
        for text in filter(None, map(normalise_text, texts))
    ]
    if not found:
        raise ValueError("no text to measure the perplexity on; give a line at least")
    return float(np.exp(-np.log(np.concatenate(found)).mean()))
