"""Text blocks of a page: lines that lie below one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.geometry.polylines import levelling_rotation

# Lengths are in line pitches, overlaps are shares of the shorter line.
_FARTHEST_BELOW = 2.2
_LEAST_OVERLAP = 0.5
_SAME_ROW = 0.45
_APART = 1.0
# An insertion is at most this far above its line, and at most this share of its length.
_INSERTION_RISE = 0.72
_INSERTION_LENGTH = 0.6


@dataclass(frozen=True, eq=False)
class Spans:
    """Extents of lines on the levelled page, each float [n].

    Attributes:
        left: Left end of each line.
        right: Right end of each line.
        row: Mean y of each line.
    """

    left: np.ndarray
    right: np.ndarray
    row: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def width(self) -> np.ndarray:
        """Length of each line."""
        return self.right - self.left


def level_spans(paths: Sequence[np.ndarray]) -> Spans:
    """Rotate lines so that they are level on average.

    Args:
        paths: float [n, 2] each, from left to right.

    Returns:
        Their extents after the rotation.
    """
    rotation = levelling_rotation(paths)
    levelled = [path @ rotation for path in paths]
    return Spans(
        np.array([path[:, 0].min() for path in levelled]),
        np.array([path[:, 0].max() for path in levelled]),
        np.array([_mean_y(path) for path in levelled]),
    )


def _mean_y(path: np.ndarray) -> float:
    """Return the mean y along a line, however its points are spaced."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    middles = (path[1:, 1] + path[:-1, 1]) / 2
    return float(np.average(middles, weights=steps + 1e-9))


def overlaps(spans: Spans) -> np.ndarray:
    """Return how far lines overlap horizontally: float [n, n], shares of the shorter one."""
    common = np.minimum(spans.right[:, None], spans.right) - np.maximum(
        spans.left[:, None], spans.left
    )
    return common / np.maximum(np.minimum(spans.width[:, None], spans.width), 1e-9)


def find_insertions(spans: Spans, pitch_px: float) -> dict[int, int]:
    """Find the words that were written between lines.

    Args:
        spans: The lines.
        pitch_px: Line pitch.

    Returns:
        For each insertion the line below it, to which it belongs.
    """
    rise = spans.row[None] - spans.row[:, None]
    inside = overlaps(spans) > 0.8
    shorter = spans.width[:, None] < _INSERTION_LENGTH * spans.width[None]
    near = (rise > 0.2 * pitch_px) & (rise < _INSERTION_RISE * pitch_px) & inside & shorter
    return {
        int(i): int(np.argmin(np.where(near[i], rise[i], np.inf)))
        for i in np.flatnonzero(near.any(axis=1))
    }


def find_blocks(spans: Spans, pitch_px: float) -> list[list[int]]:
    """Group lines that follow below one another.

    A line above or below two that are side by side, such as a heading over columns, is not
    grouped with them.

    Args:
        spans: The lines.
        pitch_px: Line pitch.

    Returns:
        The lines of each block, by rows and from left to right.
    """
    count = len(spans)
    below = spans.row[None] - spans.row[:, None]
    follows = (overlaps(spans) >= _LEAST_OVERLAP) & (below > _SAME_ROW * pitch_px)
    follows &= below <= _FARTHEST_BELOW * pitch_px
    nearest_below = np.where(follows, below, np.inf).min(axis=1, initial=np.inf)
    nearest_above = np.where(follows, below, np.inf).min(axis=0, initial=np.inf)
    links = follows & (below <= nearest_below[:, None] + _SAME_ROW * pitch_px)
    links &= below <= nearest_above[None] + _SAME_ROW * pitch_px
    splits = np.array([_have_gap(spans, np.flatnonzero(row), pitch_px) for row in links])
    meets = np.array([_have_gap(spans, np.flatnonzero(row), pitch_px) for row in links.T])
    links &= ~splits.reshape(-1, 1) & ~meets.reshape(1, -1)
    owner = np.arange(count)
    for one, other in np.argwhere(links):
        owner[owner == owner[other]] = owner[one]
    return [in_rows(spans, np.flatnonzero(owner == block), pitch_px) for block in np.unique(owner)]


def _have_gap(spans: Spans, lines: np.ndarray, pitch_px: float) -> bool:
    """Return whether there is a gap between some lines."""
    if len(lines) < 2:
        return False
    order = lines[np.argsort(spans.left[lines])]
    reached = np.maximum.accumulate(spans.right[order])[:-1]
    return bool((spans.left[order][1:] - reached > _APART * pitch_px).any())


def in_rows(spans: Spans, lines: np.ndarray, pitch_px: float) -> list[int]:
    """Order lines by rows, and within a row from left to right."""
    order = lines[np.argsort(spans.row[lines], kind="stable")]
    starts_row = np.diff(spans.row[order]) > _SAME_ROW * pitch_px
    rows = np.concatenate([[0], np.cumsum(starts_row)])[: len(order)]
    return [int(line) for line in order[np.lexsort((spans.left[order], rows))]]
