"""The CER of a collection, estimated from lines that were drawn by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evaluation.bootstrap import rate_intervals

# With fewer, an interval says nothing.
LEAST_LINES = 20


@dataclass(frozen=True)
class SampledRate:
    """An error rate with its interval.

    Attributes:
        rate: Edits over characters of the truth.
        low: Lower end of the 95 % interval.
        high: Upper end.
        lines: Lines that it is from.
    """

    rate: float
    low: float
    high: float
    lines: int


def sampled_rate(edits: Sequence[int], lengths: Sequence[int]) -> SampledRate | None:
    """Return the error rate of all lines that a random sample is from.

    Lines, and not pages, are resampled, as each was drawn by itself. Without an edit the upper end
    is that of the rule of three (Hanley and Lippman-Hand 1983).

    Args:
        edits: Edits of each line of the sample.
        lengths: Characters of the truth of each.

    Returns:
        The rate; None for fewer than `LEAST_LINES` lines, or no character.

    Example:
        >>> found = sampled_rate([1, 0] * 50, [40] * 100)
        >>> found.rate, found.low < found.rate < found.high, found.lines
        (0.0125, True, 100)
    """
    length = sum(lengths)
    if len(edits) < LEAST_LINES or not length:
        return None
    rate = sum(edits) / length
    if not rate:
        return SampledRate(0.0, 0.0, min(1.0, 3 / length), len(edits))
    ((low, high),) = rate_intervals(np.array([edits]).T, np.array([lengths]).T)
    return SampledRate(rate, float(low), float(high), len(edits))
