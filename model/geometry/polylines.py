"""Polylines as arrays: arc lengths, resampling, normals, smoothing, levelling, outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def arc_lengths(points: np.ndarray) -> np.ndarray:
    """Return the length from the first point to each point.

    Args:
        points: float [n, 2].

    Returns:
        float [n], from 0.

    Example:
        >>> arc_lengths(np.array([[0.0, 0], [3, 4], [3, 10]])).tolist()
        [0.0, 5.0, 11.0]
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def resample(points: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the points at given lengths along a polyline.

    Args:
        points: float [n, 2]; repeated points are allowed.
        positions: float [m], in the unit of the points.

    Returns:
        float [m, 2]; beyond the ends, the end points.

    Example:
        >>> resample(np.array([[0.0, 0], [10, 0]]), np.array([2.5, 99])).tolist()
        [[2.5, 0.0], [10.0, 0.0]]
    """
    lengths = arc_lengths(points)
    return np.stack([np.interp(positions, lengths, points[:, axis]) for axis in (0, 1)], axis=1)


def up_normals(points: np.ndarray) -> np.ndarray:
    """Return the unit normals that point upwards from the writing.

    Args:
        points: float [n, 2], n at least 2, in writing direction, y downwards.

    Returns:
        float [n, 2].

    Example:
        >>> (up_normals(np.array([[0.0, 5], [10, 5]])) + 0.0).tolist()
        [[0.0, -1.0], [0.0, -1.0]]
    """
    tangents = np.gradient(points, axis=0)
    lengths = np.hypot(tangents[:, 0], tangents[:, 1])
    tangents = tangents / np.maximum(lengths, 1e-9)[:, None]
    return np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)


def smooth(points: np.ndarray, window: int) -> np.ndarray:
    """Average each point with its neighbours; the ends keep their position and direction.

    Args:
        points: float [n, 2], evenly spaced.
        window: Number of points to average over.

    Returns:
        float [n, 2].
    """
    half = min(window // 2, len(points) - 1)
    if half < 1:
        return points
    # Point reflection at the ends keeps a straight line unchanged.
    before = 2 * points[0] - points[half:0:-1]
    after = 2 * points[-1] - points[-2 : -half - 2 : -1]
    padded = np.concatenate([before, points, after])
    kernel = np.ones(2 * half + 1) / (2 * half + 1)
    return np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)


def levelling_rotation(paths: Sequence[np.ndarray]) -> np.ndarray:
    """Return the rotation that turns the common direction of some polylines to +x.

    Args:
        paths: float [n, 2] each, in writing direction.

    Returns:
        float [2, 2], to be multiplied from the right: `path @ rotation`. The identity if the
        paths have no common direction.

    Example:
        >>> down = np.array([[3.0, 0], [3, 10]])
        >>> (down @ levelling_rotation([down])).tolist()
        [[0.0, -3.0], [10.0, -3.0]]
    """
    across, down = sum((path[-1] - path[0] for path in paths), np.zeros(2))
    length = np.hypot(across, down)
    across, down = (across / length, down / length) if length > 0 else (1.0, 0.0)
    return np.array([[across, -down], [down, across]])


def band_outline(path: np.ndarray, above_px: float, below_px: float) -> np.ndarray:
    """Return the outline of the band that a line of writing fills.

    Args:
        path: float [n, 2], its baseline.
        above_px: Reach above the baseline.
        below_px: Reach below the baseline.

    Returns:
        float [2 n, 2], along the top in the direction of the path and back along the bottom.

    Example:
        >>> band_outline(np.array([[0.0, 20], [9, 20]]), 5.0, 2.0).tolist()
        [[0.0, 15.0], [9.0, 15.0], [9.0, 22.0], [0.0, 22.0]]
    """
    up = up_normals(path)
    return np.concatenate([path + up * above_px, (path - up * below_px)[::-1]])


def densify(polygon: np.ndarray, step: float, most: int) -> np.ndarray:
    """Return points on a closed outline, about every `step` units but at most `most`."""
    closed = np.concatenate([polygon, polygon[:1]])
    total = arc_lengths(closed)[-1]
    count = int(np.clip(total / step, 2, most))
    return resample(closed, np.linspace(0, total, count, endpoint=False))


def column_bounds(polygon: np.ndarray, xs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest and lowest point of an outline at each x.

    Args:
        polygon: float [n, 2], not closed.
        xs: float [m].

    Returns:
        top and bottom y, float [m] each; NaN beside the outline.

    Example:
        >>> square = np.array([[0.0, 0], [10, 0], [10, 4], [0, 4]])
        >>> [y.tolist() for y in column_bounds(square, np.array([2.0, 5]))]
        [[0.0, 0.0], [4.0, 4.0]]
    """
    start, end = polygon, np.roll(polygon, -1, axis=0)
    run = end[:, 0] - start[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (xs[:, None] - start[:, 0]) / run
        ys = start[:, 1] + share * (end[:, 1] - start[:, 1])
    meets = (share >= 0) & (share <= 1) & (run != 0)
    top = np.where(meets, ys, np.inf).min(axis=1)
    bottom = np.where(meets, ys, -np.inf).max(axis=1)
    missed = ~meets.any(axis=1)
    return np.where(missed, np.nan, top), np.where(missed, np.nan, bottom)
