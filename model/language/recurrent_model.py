"""A recurrent language model: how likely a text is, by all that stands before each character.

An LSTM over characters (Mikolov et al. 2010). It foretells a text better than the n-gram of
`language_model.py`, but takes too long to be asked at every step of a beam search; so it is
asked about the texts that the search ends with.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.language.ngram_model import LINE_END
from model.networks.session import open_session
from model.text.charset import Charset

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
        self._labels = charset.labels
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

    def log_characters(self, text: str) -> np.ndarray:
        """Tell how likely each character of a line is, and its end.

        Args:
            text: In NFC; characters that the recogniser cannot write are passed over, and what
                follows sees a line end in their place.

        Returns:
            Natural logarithms, float32.
        """
        after = np.array([*(self._labels.get(c, -1) for c in text), LINE_END])
        before = np.array([LINE_END, *after[:-1].clip(LINE_END)], np.int32)
        said = self._run(before[:, None])[:, 0]
        known = np.flatnonzero(after >= LINE_END)
        return said[known, after[known]]

    def _run(self, before: np.ndarray) -> np.ndarray:
        """Foretell, from int32 [time, text], float32 [time, text, classes]."""
        return self._session.run([LOG_PROBABILITIES], {LABELS: before})[0]
