"""A recurrent language model: how likely a text is, by all that stands before each character.

An LSTM over characters (Mikolov et al. 2010). It foretells a text better than the n-gram of
`language_model.py`, but takes too long to be asked at every step of a beam search; so it is
asked about the texts that the search ends with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from model.charset import Charset, normalise_text
from model.language_model import LINE_END
from model.onnx_session import open_session

# What the network takes and gives.
LABELS, LOG_PROBABILITIES = "labels", "log_probabilities"


class RecurrentLanguageModel:
    """A model that was trained, open for questions.

    Args:
        path: The ONNX file.
        charset: Of the recogniser that it is to help.

    Raises:
        ValueError: If the file is no network, or one of another charset.
    """

    def __init__(self, path: Path, charset: Charset):
        self._session = open_session(path)
        self._known = {character: i for i, character in enumerate(charset.characters, start=1)}
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if shapes.get(LOG_PROBABILITIES, [None])[-1] != charset.class_count:
            raise ValueError(
                f"{path.parent}: {path.name} belongs to another charset; copy the model anew"
            )

    def log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[float]:
        """Tell how likely whole lines are.

        Args:
            texts: Labels from 1 of each; several rounded together, so that a line's value may
                differ a little beside others.

        Returns:
            The natural logarithms, the line's end included.
        """
        longest = max(map(len, texts))
        before = np.full((longest + 1, len(texts)), LINE_END, np.int32)
        for column, text in enumerate(texts):
            before[1 : len(text) + 1, column] = text
        scores = self._run(before)
        return [
            float(scores[np.arange(len(text) + 1), column, [*text, LINE_END]].sum())
            for column, text in enumerate(texts)
        ]

    def perplexity(self, texts: Iterable[str]) -> float:
        """Measure how well the model foretells some lines.

        Characters that the recogniser cannot write count neither way; what follows sees a line
        end in their place.

        Args:
            texts: Lines that it was not trained on; empty ones are passed over.

        Returns:
            exp of the mean negative log probability of a character or line end.

        Raises:
            ValueError: If there is no text.
        """
        total, count = 0.0, 0
        for text in filter(None, map(normalise_text, texts)):
            after = np.array([*(self._known.get(c, -1) for c in text), LINE_END])
            before = np.array([LINE_END, *after[:-1].clip(LINE_END)], np.int32)
            said = self._run(before[:, None])[:, 0]
            known = np.flatnonzero(after >= LINE_END)
            total += float(said[known, after[known]].sum())
            count += len(known)
        if not count:
            raise ValueError("no text to measure the perplexity on; give a line at least")
        return math.exp(-total / count)

    def _run(self, before: np.ndarray) -> np.ndarray:
        """Foretell, from int32 [time, text], float32 [time, text, classes]."""
        return self._session.run([LOG_PROBABILITIES], {LABELS: before})[0]
