"""A recurrent language model, which predicts a character from all characters before it.

An LSTM over characters (Mikolov et al. 2010). It has a lower perplexity than the n-gram of
`ngram_model.py` but is too slow for every step of a beam search, so it only rescores the hypotheses
that the search ends with.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.language.ngram_model import LINE_END
from model.networks.session import check_shape, input_shapes, open_session
from model.text.charset import Charset

# Names of the input and the output of the network.
LABELS, LOG_PROBABILITIES = "labels", "log_probabilities"


class RecurrentLanguageModel:
    """A trained recurrent language model in ONNX Runtime.

    Args:
        path: The ONNX file.
        charset: Charset of the recogniser.

    Raises:
        ValueError: If the file is not a network, or is one of another charset.
    """

    def __init__(self, path: Path, charset: Charset):
        self._session = open_session(path)
        self._labels = charset.labels
        check_shape(path, LABELS, input_shapes(self._session), (None, None))
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if (shapes.get(LOG_PROBABILITIES) or [None])[-1] != charset.class_count:
            raise ValueError(
                f"{path.parent}: {path.name} belongs to another charset; copy the model again"
            )
        self._score_two_lines(path)

    def _score_two_lines(self, path: Path) -> None:
        """Run the network once: what does not fit in it fails on any line."""
        try:
            is_sound = bool(np.isfinite(self.log_probabilities([[1], [1, 1]])).all())
            reason = "its scores are not numbers"
        # The exceptions of ONNX Runtime have no common base class.
        except Exception as error:
            is_sound, reason = False, (str(error).splitlines() or [type(error).__name__])[0]
        if not is_sound:
            raise ValueError(
                f"{path.parent}: {path.name} scores no line ({reason}); copy the model again"
            )

    def log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[float]:
        """Return the log probability of each line, its end included.

        Args:
            texts: Labels of each line, from 1. They are scored as one batch; by rounding, a
                value may differ slightly with the other lines of the batch.

        Returns:
            Natural logarithms.
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

    def character_log_probabilities(self, text: str) -> np.ndarray:
        """Return the log probability of each character of a line and of its end.

        Args:
            text: The line, NFC. Characters outside the charset are skipped; the network sees a
                line end in their place.

        Returns:
            float32 [characters + 1], natural logarithms.
        """
        after = np.array([*(self._labels.get(c, -1) for c in text), LINE_END])
        before = np.array([LINE_END, *after[:-1].clip(LINE_END)], np.int32)
        scores = self._run(before[:, None])[:, 0]
        known = np.flatnonzero(after >= LINE_END)
        return scores[known, after[known]]

    def _run(self, before: np.ndarray) -> np.ndarray:
        """Return log probabilities, float32 [time, text, classes], for int32 [time, text]."""
        return self._session.run([LOG_PROBABILITIES], {LABELS: before})[0]
