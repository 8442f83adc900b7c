"""Trace the ridges of ink that run along text lines, and join their pieces."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

# Slopes that a line may have, as dy/dx: 10 degrees either way.
_SLOPES = np.tan(np.radians(np.arange(-10, 10.1, 2.5)))
_MOST_RIDGES = 1000


@dataclass(frozen=True, eq=False)
class Ridge:
    """One ridge of ink.

    Attributes:
        first_px: Its first column.
        rows_px: float array [columns]: its row in each column from there.
        strength: Mean response along it.
    """

    first_px: int
    rows_px: np.ndarray
    strength: float

    @property
    def last_px(self) -> int:
        """Give its last column."""
        return self.first_px + self.rows_px.size - 1


def ridge_response(ink: np.ndarray, pitch_px: float) -> np.ndarray:
    """Measure how much each pixel looks like the middle of a text line.

    The answer of the best of several slanted second derivatives of a Gaussian,
    long in the writing direction.

    Args:
        ink: float32 array [height_px, width_px].
        pitch_px: Distance between baselines.

    Returns:
        float32 array [height_px, width_px], 0 where there is no ridge.
    """
    height_px, width_px = ink.shape
    best = np.zeros_like(ink)
    for slope in _SLOPES:
        shear = np.array([[1, 0, 0], [-slope, 1, slope * width_px / 2]], np.float64)
        level = cv2.warpAffine(ink, shear, (width_px, height_px))
        level = cv2.GaussianBlur(level, (0, 0), sigmaX=pitch_px, sigmaY=0.19 * pitch_px)
        bend = -cv2.Sobel(level, cv2.CV_32F, 0, 2, ksize=3)
        back = cv2.warpAffine(
            bend, shear, (width_px, height_px), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        best = np.maximum(best, back)
    return best


def trace_ridges(response: np.ndarray, pitch_px: float, least: float) -> list[Ridge]:
    """Trace the crests of a ridge response.

    Args:
        response: float32 array [height_px, width_px], see `ridge_response`.
        pitch_px: Distance between baselines.
        least: Weakest crest, as a part of the typical one.

    Returns:
        Ridges at least half a pitch long, the strongest first.
    """
    padded = np.pad(response, ((1, 1), (0, 0)))
    crest = (response > padded[:-2]) & (response >= padded[2:])
    crest &= response > least * _typical(response[crest])
    _, labels = cv2.connectedComponents(crest.astype(np.uint8), connectivity=8)
    rows, columns = np.nonzero(labels)
    names, values = labels[rows, columns], response[rows, columns]
    # One point for each column of a component: its strongest.
    order = np.lexsort((-values, columns, names))
    rows, columns, names, values = (a[order] for a in (rows, columns, names, values))
    fresh = np.ones(names.size, bool)
    fresh[1:] = (np.diff(names) != 0) | (np.diff(columns) != 0)
    rows, columns, names, values = (a[fresh] for a in (rows, columns, names, values))
    torn = (np.diff(names) != 0) | (np.abs(np.diff(rows)) > 0.2 * pitch_px)
    ends = np.r_[0, np.flatnonzero(torn) + 1, names.size]
    ridges = [
        Ridge(int(columns[a]), rows[a:b].astype(np.float64), float(values[a:b].mean()))
        for a, b in pairwise(ends.tolist())
        if b - a >= 0.5 * pitch_px
    ]
    return sorted(ridges, key=lambda r: -r.strength * r.rows_px.size)[:_MOST_RIDGES]


def drop_faint(ridges: list[Ridge], least: float) -> list[Ridge]:
    """Drop bleed-through: ridges much weaker than the page's typical one.

    Args:
        ridges: Ridges of one page.
        least: Weakest ridge, as a part of the median one, by length.

    Returns:
        The others, in the same order.
    """
    if not ridges:
        return []
    strengths = np.array([r.strength for r in ridges])
    lengths_px = np.array([r.rows_px.size for r in ridges])
    order = np.argsort(strengths)
    covered = np.cumsum(lengths_px[order])
    median = strengths[order][np.searchsorted(covered, covered[-1] / 2)]
    return [r for r in ridges if r.strength >= least * median]


def _typical(values: np.ndarray) -> float:
    """Give the value that half of the total lies above; 0 for no values."""
    ordered = np.sort(values)
    if not ordered.size:
        return 0.0
    return float(ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)])


def drop_doubles(ridges: list[Ridge], shape: tuple[int, int], pitch_px: float) -> list[Ridge]:
    """Cut away what runs beside a stronger ridge.

    Args:
        ridges: Ridges, the strongest first.
        shape: Height and width of the page in pixels.
        pitch_px: Distance between baselines.

    Returns:
        Of each ridge its longest free run, where that is half a pitch long.
    """
    taken = np.zeros(shape, np.uint8)
    kept = []
    for ridge in ridges:
        columns = np.arange(ridge.first_px, ridge.last_px + 1)
        busy = taken[ridge.rows_px.astype(int), columns] > 0
        edges = np.flatnonzero(np.diff(np.r_[True, busy, True].astype(np.int8)))
        runs = edges.reshape(-1, 2)
        if not runs.size:
            continue
        a, b = runs[np.argmax(runs[:, 1] - runs[:, 0])]
        if b - a < 0.5 * pitch_px:
            continue
        kept.append(Ridge(int(columns[a]), ridge.rows_px[a:b], ridge.strength))
        points = np.stack([columns[a:b], ridge.rows_px[a:b]], axis=1).astype(np.int32)
        cv2.polylines(taken, [points], False, 1, max(1, int(0.8 * pitch_px)))
    return kept


def join_ridges(ridges: list[Ridge], pitch_px: float, widest_gap_px: float) -> list[Ridge]:
    """Join ridges that continue each other.

    Args:
        ridges: Ridges of one page.
        pitch_px: Distance between baselines.
        widest_gap_px: Widest gap to bridge.

    Returns:
        The joined ridges, gaps filled with straight pieces.
    """
    if len(ridges) < 2:
        return ridges
    tails = np.array([_end(r, pitch_px, at_end=True) for r in ridges])
    heads = np.array([_end(r, pitch_px, at_end=False) for r in ridges])
    gap = heads[None, :, 0] - tails[:, None, 0]
    # Each end is carried on to the middle of the gap, where they should meet.
    miss = np.abs(
        (heads[None, :, 1] - heads[None, :, 2] * gap / 2)
        - (tails[:, None, 1] + tails[:, None, 2] * gap / 2)
    )
    fits = (gap > 0) & (gap < widest_gap_px) & (miss < 0.3 * pitch_px)
    before, after = np.nonzero(fits)
    order = np.argsort(gap[before, after] + 3 * miss[before, after], kind="stable")
    after_of: dict[int, int] = {}
    taken: set[int] = set()
    for a, b in zip(before[order].tolist(), after[order].tolist(), strict=True):
        if a not in after_of and b not in taken:
            after_of[a] = b
            taken.add(b)
    return [_chain(ridges, i, after_of) for i in range(len(ridges)) if i not in taken]


def _end(ridge: Ridge, pitch_px: float, at_end: bool) -> tuple[float, float, float]:
    """Give column, row and slope of one end of a ridge."""
    span = min(ridge.rows_px.size, max(2, int(3 * pitch_px)))
    rows = ridge.rows_px[-span:] if at_end else ridge.rows_px[:span]
    slope = np.polyfit(np.arange(span), rows, 1)[0] if span > 1 else 0.0
    # A short piece says little about its direction.
    slope *= min(1.0, span / (3 * pitch_px))
    reach = slope * (span - 1) / 2
    if at_end:
        return ridge.last_px, rows.mean() + reach, slope
    return ridge.first_px, rows.mean() - reach, slope


def _chain(ridges: list[Ridge], first: int, after_of: dict[int, int]) -> Ridge:
    """Put one chain of ridges together."""
    parts = [ridges[first]]
    while first in after_of:
        first = after_of[first]
        parts.append(ridges[first])
    columns = np.concatenate([np.arange(r.first_px, r.last_px + 1) for r in parts])
    rows = np.concatenate([r.rows_px for r in parts])
    every = np.arange(columns[0], columns[-1] + 1)
    lengths = np.array([r.rows_px.size for r in parts], float)
    strength = np.average([r.strength for r in parts], weights=lengths)
    return Ridge(int(columns[0]), np.interp(every, columns, rows), float(strength))
