"""Calibration of confidences: temperature scaling, reliability, expected calibration error.

Confidences are calibrated if, of all characters with confidence p, a share p is correct.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from model.text.charset import normalise_text

BINS = 15
_LOWEST_TEMPERATURE, _HIGHEST_TEMPERATURE = 0.1, 10.0
_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
# Lower bound of a likelihood, so that its logarithm is finite.
_LEAST_LIKELIHOOD = 1e-6


def right_characters(truth: str, read: str) -> np.ndarray:
    """Return which characters of a transcript are correct, by its alignment with the truth.

    Args:
        truth: Ground truth, NFC.
        read: The transcript, NFC.

    Returns:
        bool [characters of `read`].

    Example:
        >>> right_characters("mai 1912", "mal 912").tolist()
        [True, True, False, True, True, True, True]
    """
    right = np.ones(len(read), bool)
    for tag, _, at in Levenshtein.editops(normalise_text(truth), read).as_list():
        if tag != "delete":
            right[at] = False
    return right


def temper(confidences: np.ndarray, temperature: float) -> np.ndarray:
    """Return confidences after temperature scaling: lower for temperatures above 1.

    Guo et al., On calibration of modern neural networks (2017), with two classes: the character
    is correct or not. The order of confidences is kept.

    Args:
        confidences: float, 0..1.
        temperature: Above 0; 1 leaves confidences unchanged.

    Returns:
        float64, 0..1.

    Raises:
        ValueError: If the temperature is not above 0.

    Example:
        >>> temper(np.array([0.5, 0.9, 1.0]), 2.0).round(3).tolist()
        [0.5, 0.75, 1.0]
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature of {temperature}; give a number above 0")
    confidences = np.asarray(confidences, np.float64)
    if temperature == 1:
        return confidences
    right, wrong = confidences ** (1 / temperature), (1 - confidences) ** (1 / temperature)
    return right / (right + wrong)


def fit_temperature(confidences: np.ndarray, right: np.ndarray) -> float:
    """Return the temperature of maximum likelihood, by golden-section search.

    Args:
        confidences: float [characters], of held-out lines.
        right: bool [characters], whether each is correct.

    Returns:
        0.1 to 10.

    Raises:
        ValueError: If there is no character.
    """
    if not len(confidences):
        raise ValueError("no characters to calibrate on; give lines of the eval split")

    def loss(log_temperature: float) -> float:
        tempered = temper(confidences, math.exp(log_temperature))
        likelihoods = np.clip(np.where(right, tempered, 1 - tempered), _LEAST_LIKELIHOOD, 1)
        return -float(np.log(likelihoods).mean())

    return math.exp(
        golden_section(loss, math.log(_LOWEST_TEMPERATURE), math.log(_HIGHEST_TEMPERATURE))
    )


def golden_section(
    function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-4
) -> float:
    """Return where a unimodal function has its minimum (Kiefer 1953).

    Example:
        >>> round(golden_section(lambda x: (x - 2) ** 2, 0, 10), 3)
        2.0
    """
    left, right = high - _GOLDEN_RATIO * (high - low), low + _GOLDEN_RATIO * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN_RATIO * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN_RATIO * (high - low)
            at_right = function(right)
    return (low + high) / 2


@dataclass(frozen=True)
class ReliabilityBin:
    """Characters of similar confidence: one bar of a reliability diagram.

    Attributes:
        lower: Lowest confidence of the bin.
        upper: Lowest confidence of the next bin.
        count: Number of characters.
        confidence: Their mean confidence; the middle of an empty bin.
        accuracy: Share of them that is correct; 0 for an empty bin.
    """

    lower: float
    upper: float
    count: int
    confidence: float
    accuracy: float


def reliability(
    confidences: np.ndarray, right: np.ndarray, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Return a reliability diagram: characters in bins of equal width by confidence.

    Args:
        confidences: float [characters], 0..1.
        right: bool [characters], whether each is correct.
        bins: Number of bins.

    Returns:
        The bins, from confidence 0 to 1.
    """
    confidences = np.asarray(confidences, np.float64)
    of_bin = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    counts = np.bincount(of_bin, minlength=bins)
    sums = np.bincount(of_bin, confidences, bins)
    rights = np.bincount(of_bin, right, bins)
    found = []
    for at, count in enumerate(counts.tolist()):
        lower, upper = at / bins, (at + 1) / bins
        confidence = sums[at] / count if count else (lower + upper) / 2
        accuracy = rights[at] / count if count else 0.0
        found.append(ReliabilityBin(lower, upper, count, float(confidence), float(accuracy)))
    return tuple(found)


def expected_calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return the mean difference of confidence and accuracy (Naeini et al. 2015).

    Returns:
        The expected calibration error, 0..1; 0 without characters.

    Example:
        >>> bins = reliability(np.array([0.9, 0.9]), np.array([True, False]))
        >>> round(expected_calibration_error(bins), 3)
        0.4
    """
    total = sum(bin.count for bin in bins)
    gaps = sum(bin.count * abs(bin.confidence - bin.accuracy) for bin in bins)
    return gaps / total if total else 0.0
