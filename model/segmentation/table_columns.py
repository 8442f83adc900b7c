"""The columns of a table: between ruled lines, and between gutters that many lines keep clear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.segmentation.runs import true_runs
from model.segmentation.text_blocks import Spans

# Lengths are in line pitches. Shortest rule between columns, also as a share of the longest.
_LEAST_RULE, _LEAST_SHARE = 5.0, 0.4
# A line crosses a rule if it goes on by this length and this share of itself on both sides.
_OVER, _OVER_SHARE, _OVER_GUTTER = 0.6, 0.25, 0.2
# Most lines that cross, as a share of those on the side with fewer, and least lines a side.
_CROSSING_RULE, _CROSSING_GUTTER = 0.5, 0.12
_LEAST_BESIDE_RULE, _LEAST_BESIDE_GUTTER = 2, 3
_STEP = 0.25
# Where a line lies that runs over into the next column: at this share of its length.
_HOLD = 0.3


@dataclass(frozen=True, eq=False)
class Uprights:
    """Rules down a page, in line pitches, straightened.

    Attributes:
        x: float [n], their places across the page.
        top: float [n], upper ends.
        bottom: float [n], lower ends.
    """

    x: np.ndarray
    top: np.ndarray
    bottom: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of a table.

    Attributes:
        of_line: int [n], the column of each line, from 0; columns without lines do not count.
        spans: bool [n], whether the line runs across further columns.
        separators: float [columns - 1], in line pitches.
        ruled: Number of the separators that are rules.
    """

    of_line: np.ndarray
    spans: np.ndarray
    separators: np.ndarray
    ruled: int

    @property
    def count(self) -> int:
        """Number of columns."""
        return len(self.separators) + 1


def find_columns(spans: Spans, rules: Uprights) -> Columns:
    """Divide lines into columns.

    Args:
        spans: The lines, in line pitches.
        rules: Rules between some columns, or beside or within others.

    Returns:
        The columns; a single one where nothing separates the lines.

    Example:
        >>> rows = np.arange(4.0).repeat(2)
        >>> left = np.array([0.0, 5] * 4)
        >>> find_columns(Spans(left, left + 3, rows), NO_UPRIGHTS).of_line.tolist()
        [0, 1, 0, 1, 0, 1, 0, 1]
    """
    longest = (rules.bottom - rules.top).max(initial=0)
    long = rules.bottom - rules.top >= max(_LEAST_RULE, _LEAST_SHARE * longest)
    rules = Uprights(rules.x[long], rules.top[long], rules.bottom[long])
    found = sorted(_split(np.arange(len(spans)), spans, rules))
    places = np.array([x for x, _ in found])
    hold = spans.left + _HOLD * spans.width
    interval = np.searchsorted(places, hold)
    used, of_line = np.unique(interval, return_inverse=True)
    # Of several separators with nothing between them, the last one is kept.
    kept = used[1:] - 1
    over = _crosses(spans, places[kept], _OVER, _OVER_SHARE)
    ruled = sum(is_rule for _, is_rule in np.array(found, object).reshape(-1, 2)[kept])
    return Columns(of_line, over.sum(axis=1) > 1, places[kept], int(ruled))


NO_UPRIGHTS = Uprights(np.zeros(0), np.zeros(0), np.zeros(0))


def _split(lines: np.ndarray, spans: Spans, rules: Uprights) -> list[tuple[float, bool]]:
    """Find separators between some lines: their places, and whether they are rules."""
    if len(lines) < _LEAST_BESIDE_RULE * 2:
        return []
    own = Spans(spans.left[lines], spans.right[lines], spans.row[lines])
    best = _best_rule(own, rules) or _best_gutter(own)
    if best is None:
        return []
    place, is_rule = best
    centre = (own.left + own.right) / 2
    share, over = (_OVER_SHARE, _OVER) if is_rule else (0.0, _OVER_GUTTER)
    crosses = _crosses(own, np.array([place]), over, share)[:, 0]
    sides = (lines[~crosses & (centre < place)], lines[~crosses & (centre >= place)])
    return [best, *(each for side in sides for each in _split(side, spans, rules))]


def _best_rule(spans: Spans, rules: Uprights) -> tuple[float, bool] | None:
    if not len(rules):
        return None
    beside = (spans.row[:, None] >= rules.top - 0.5) & (spans.row[:, None] <= rules.bottom + 0.5)
    costs = _costs(spans, rules.x, beside, _OVER, _OVER_SHARE, _LEAST_BESIDE_RULE)
    best = int(np.argmin(costs))
    return (float(rules.x[best]), True) if costs[best] <= _CROSSING_RULE else None


def _best_gutter(spans: Spans) -> tuple[float, bool] | None:
    """Find the middle of the widest gutter of those that the fewest lines cross."""
    places = np.arange(spans.left.min(), spans.right.max(), _STEP)
    if not len(places):
        return None
    every = np.ones((len(spans), len(places)), bool)
    costs = _costs(spans, places, every, _OVER_GUTTER, 0.0, _LEAST_BESIDE_GUTTER)
    least = costs.min()
    if least > _CROSSING_GUTTER:
        return None
    first, last = max(true_runs(costs <= least), key=lambda run: run[1] - run[0])
    return float(places[(first + last - 1) // 2]), False


def _costs(
    spans: Spans, places: np.ndarray, beside: np.ndarray, over: float, share: float, least: int
) -> np.ndarray:
    """Return how many lines cross each place, as a share of those on the side with fewer."""
    crosses = _crosses(spans, places, over, share) & beside
    before = ((spans.left + spans.right) / 2)[:, None] < places
    fewer = np.minimum(
        (before & beside & ~crosses).sum(axis=0), (~before & beside & ~crosses).sum(axis=0)
    )
    return np.where(fewer >= least, crosses.sum(axis=0) / np.maximum(fewer, 1), np.inf)


def _crosses(spans: Spans, places: np.ndarray, over: float, share: float) -> np.ndarray:
    """Return which lines go on beyond which places on both sides: bool [lines, places]."""
    reach = np.maximum(over, share * spans.width)[:, None]
    return (spans.left[:, None] < places - reach) & (spans.right[:, None] > places + reach)
