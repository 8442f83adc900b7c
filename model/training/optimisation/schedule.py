"""The learning-rate schedule of a training run."""

from __future__ import annotations

import math

_WARM_UP = 0.04


def learning_rate_at(progress: float, peak: float) -> float:
    """Return the learning rate: linear warm-up, then cosine decay (Loshchilov & Hutter 2017).

    Args:
        progress: Share of the training that is done, 0..1.
        peak: Highest learning rate.

    Example:
        >>> [round(learning_rate_at(p, 1.0), 2) for p in (0.0, 0.02, 0.04, 0.52, 1.0)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < _WARM_UP:
        return peak * progress / _WARM_UP
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))
