"""Confidence intervals of error rates by percentile bootstrap over pages (Efron 1979).

Lines of a page are not independent, as they share hand, ink and scan; so pages are resampled, not
lines. Error rates in speech recognition are compared in this way (Bisani and Ney 2004).
"""

from __future__ import annotations

import numpy as np

RESAMPLES = 1000
LEVEL = 0.95
# Limits memory: pages times resamples per step stay below this.
_MOST_COUNTS = 4_000_000


def rate_intervals(
    edits: np.ndarray,
    lengths: np.ndarray,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> np.ndarray:
    """Return the confidence intervals of micro-averaged error rates.

    Each resample draws as many pages as there are, with replacement; a rate is the sum of their
    edits over the sum of their lengths. All rates use the same resamples.

    Args:
        edits: int [pages, rates], edits of each page.
        lengths: int [pages, rates], reference length of each page.
        resamples: Number of resamples.
        level: Confidence level.
        seed: Seed of the random draws.

    Returns:
        float64 [rates, 2], lower and upper end; NaN if no resample has any length. A single page
        gives an interval of width 0.

    Raises:
        ValueError: If there is no page.

    Example:
        >>> edits, lengths = np.array([[1], [3]]), np.array([[10], [10]])
        >>> rate_intervals(edits, lengths)
        array([[0.1, 0.3]])
    """
    pages = len(edits)
    if not pages:
        raise ValueError("no page to resample; give at least one")
    rng = np.random.default_rng(seed)
    sums = np.concatenate([edits, lengths], axis=1).astype(np.float64)
    step = max(1, _MOST_COUNTS // pages)
    drawn = [
        rng.multinomial(pages, np.full(pages, 1 / pages), min(step, resamples - start)) @ sums
        for start in range(0, resamples, step)
    ]
    drawn_edits, drawn_lengths = np.split(np.concatenate(drawn), 2, axis=1)
    rates = np.full_like(drawn_edits, np.nan)
    np.divide(drawn_edits, drawn_lengths, out=rates, where=drawn_lengths > 0)
    tail = 100 * (1 - level) / 2
    return np.stack([_percentiles(column, (tail, 100 - tail)) for column in rates.T])


def _percentiles(rates: np.ndarray, percents: tuple[float, float]) -> np.ndarray:
    found = rates[~np.isnan(rates)]
    return np.percentile(found, percents) if len(found) else np.full(2, np.nan)
