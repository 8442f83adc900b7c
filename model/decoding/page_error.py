"""Prediction of the CER of a page without ground truth, from the confidences of its lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.records import Transcript


@dataclass(frozen=True)
class LineUncertainty:
    """The features of a line from which its errors are predicted.

    Attributes:
        uncertainty: 1 minus the mean confidence of its characters.
        length: Number of characters that were read.
    """

    uncertainty: float
    length: int


@dataclass(frozen=True)
class PageErrorModel:
    """The expected CER of a line by its uncertainty, interpolated between points.

    Attributes:
        doubts: Uncertainties of the points, ascending.
        rates: CER at each point, never decreasing.

    Raises:
        ValueError: If the points are not such.
    """

    doubts: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self):
        for values in (self.doubts, self.rates):
            if not all(isinstance(v, (int, float)) and 0 <= v < math.inf for v in values):
                raise ValueError("prediction of errors holds something other than numbers from 0")
            if list(values) != sorted(values):
                raise ValueError("prediction of errors has doubts or rates that decrease")
        if len(self.doubts) != len(self.rates) or not self.rates:
            raise ValueError("prediction of errors needs one rate for each doubt, and at least one")

    @classmethod
    def of_facts(cls, facts: object) -> PageErrorModel:
        """Return the model in a dictionary from `dataclasses.asdict`.

        Raises:
            ValueError: If it does not hold such a model.
        """
        if not isinstance(facts, dict) or set(facts) != {"doubts", "rates"}:
            raise ValueError('prediction of errors is not {"doubts": [...], "rates": [...]}')
        if not all(isinstance(values, (list, tuple)) for values in facts.values()):
            raise ValueError("prediction of errors has no lists of doubts and rates")
        return cls(tuple(facts["doubts"]), tuple(facts["rates"]))

    def predict(self, lines: Sequence[LineUncertainty]) -> float:
        """Return the predicted CER of lines together, usually of a page.

        Returns:
            Predicted edits over characters read; 0 if nothing was read.

        Example:
            >>> model = PageErrorModel((0.0, 0.5), (0.0, 0.6))
            >>> model.predict([LineUncertainty(0.25, 30), LineUncertainty(0.0, 10)])
            0.225
        """
        lengths = np.array([line.length for line in lines], np.float64)
        if not lengths.sum():
            return 0.0
        rates = np.interp([line.uncertainty for line in lines], self.doubts, self.rates)
        return float((rates * lengths).sum() / lengths.sum())


def predict_of_read(
    model: PageErrorModel | None, transcripts: Iterable[Transcript]
) -> float | None:
    """Return the predicted CER of the text of a page.

    Args:
        model: Predicts errors; None if there is none.
        transcripts: Its lines as they were read.

    Returns:
        Predicted edits over characters read; None without a model, or if nothing was read.

    Example:
        >>> print(predict_of_read(PageErrorModel((0.5,), (0.25,)), []))
        None
    """
    read = [transcript for transcript in transcripts if transcript.characters]
    if model is None or not read:
        return None
    return model.predict(
        [LineUncertainty(1 - line.confidence, len(line.characters)) for line in read]
    )


def cer_with_unread(of_read: float | None, unread: float) -> float | None:
    """Return the predicted CER of a page of which a share was not read at all.

    Each character that was not read is an edit, so that the share has a CER of 1.

    Args:
        of_read: Predicted CER of the text that was read; None if there is none.
        unread: The share of the page's writing that was not read, 0..1.

    Returns:
        Predicted edits over the characters of the page; None if there is nothing to predict.

    Example:
        >>> cer_with_unread(0.1, 0.5), cer_with_unread(0.1, 0.0), cer_with_unread(None, 1.0)
        (0.55, 0.1, 1.0)
    """
    if of_read is None:
        return 1.0 if unread else None
    return (1 - unread) * of_read + unread


def fit_page_error(lines: Sequence[LineUncertainty], edits: Sequence[int]) -> PageErrorModel:
    """Return a model fitted by isotonic regression of error rates, weighted by line length.

    Args:
        lines: Held-out lines.
        edits: Character edits between each line and its ground truth.

    Raises:
        ValueError: If nothing was read in any line.
    """
    read = [(line, count) for line, count in zip(lines, edits) if line.length]
    if not read:
        raise ValueError("no characters to fit errors on; give lines of the eval split")
    order = sorted(range(len(read)), key=lambda at: read[at][0].uncertainty)
    doubts = np.array([read[at][0].uncertainty for at in order])
    lengths = np.array([read[at][0].length for at in order], np.float64)
    rates = np.array([read[at][1] for at in order]) / lengths
    blocks = pool_adjacent_violators(rates, lengths)
    points = [
        (float(np.average(doubts[a:b], weights=lengths[a:b])), float(rate)) for a, b, rate in blocks
    ]
    return PageErrorModel(tuple(d for d, _ in points), tuple(r for _, r in points))


def pool_adjacent_violators(
    values: np.ndarray, weights: np.ndarray
) -> list[tuple[int, int, float]]:
    """Return the weighted least-squares fit that never decreases (Ayer et al. 1955).

    Args:
        values: float [n].
        weights: float [n], above 0.

    Returns:
        (first index, index after the last, weighted mean) of each run of equal values.

    Example:
        >>> pool_adjacent_violators(np.array([1.0, 3.0, 2.0]), np.ones(3))
        [(0, 1, 1.0), (1, 3, 2.5)]
    """
    blocks: list[tuple[int, int, float, float]] = []
    for at, (value, weight) in enumerate(zip(values.tolist(), weights.tolist())):
        start = at
        while blocks and blocks[-1][2] >= value:
            start, _, earlier, earlier_weight = blocks.pop()
            value = (value * weight + earlier * earlier_weight) / (weight + earlier_weight)
            weight += earlier_weight
        blocks.append((start, at + 1, value, weight))
    return [(start, stop, value) for start, stop, value, _ in blocks]


@dataclass(frozen=True)
class PagePrediction:
    """The predicted and the measured CER of a held-out page.

    Attributes:
        predicted: Predicted CER.
        measured: CER against the ground truth.
    """

    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """The absolute error of the prediction."""
        return abs(self.predicted - self.measured)
