"""The extent of a line's writing: its path, and its reach above and below the path.

The baseline gives the path and the polygon the reach. Where the polygon is missing or only a
thin strip, the reach follows from the page's other lines and the line pitch; a missing baseline
is placed inside the polygon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.geometry.polylines import (
    arc_lengths,
    column_bounds,
    densify,
    levelling_rotation,
    resample,
    smooth,
    up_normals,
)
from schemas.records import Line

_STEP_PX = 2.0
# Baselines nearer than this count as one; and a sample of about this many distances is enough.
_LEAST_GAP_PX, _MOST_GAPS = 4.0, 500
# Coordinates can be garbage: these bound the cost of one line.
_MOST_PATH_POINTS, _MOST_OUTLINE_POINTS = 10_000, 4_000
# Shares of the line pitch between which a page's median reach must lie.
_ABOVE_SHARES = (0.45, 1.10)
_BELOW_SHARES = (0.18, 0.55)
# Shares of the page's median reach between which a line's own must lie.
_OWN_SHARES = (0.80, 1.35)
# Defaults, as shares of the pitch: body height with ascenders, and descenders.
_DEFAULT_ABOVE, _DEFAULT_BELOW = 0.70, 0.30
# Position of the baseline between top and bottom of a polygon.
_BASELINE_DEPTH = 0.70
_REACH_PERCENTILE = 85


@dataclass(frozen=True, eq=False)
class LineExtent:
    """The strip of a page that a line's writing fills.

    Attributes:
        path: float [n, 2], the baseline in page pixels, evenly spaced.
        above_px: Reach above the baseline.
        below_px: Reach below the baseline.
    """

    path: np.ndarray
    above_px: float
    below_px: float


def line_extents(lines: Sequence[Line]) -> list[LineExtent | None]:
    """Estimate the extent of every line of a page, with the help of the others.

    Args:
        lines: The lines of one page.

    Returns:
        An extent for each line; None for a line without geometry or of no length.
    """
    paths = [_raw_path(line) for line in lines]
    pitch = line_pitch_px([path for path in paths if path is not None], lines)
    paths = [
        None if path is None else _refine_path(path, line, pitch)
        for path, line in zip(paths, lines)
    ]
    reaches = np.array(
        [
            (np.nan, np.nan) if path is None else polygon_reach_px(path, line)
            for path, line in zip(paths, lines)
        ]
    ).reshape(-1, 2)
    usual = (
        _usual_reach(reaches[:, 0], pitch, _ABOVE_SHARES, _DEFAULT_ABOVE),
        _usual_reach(reaches[:, 1], pitch, _BELOW_SHARES, _DEFAULT_BELOW),
    )
    return [
        None if path is None else LineExtent(path, *map(_own_reach, reach, usual))
        for path, reach in zip(paths, reaches)
    ]


def line_pitch_px(paths: Sequence[np.ndarray], lines: Sequence[Line]) -> float:
    """Estimate the distance from one baseline to the next.

    In the common direction of writing, however the page is rotated, this is the median over
    lines of the distance from the middle of a line to the nearest line below it; if no line
    has one below it, four fifths of the median height of the polygons.

    Args:
        paths: float [n, 2] each, the baselines.
        lines: The lines, for their polygons.

    Returns:
        Pixels; 0 if there is nothing to estimate it from.
    """
    rotation = levelling_rotation(paths)
    gaps = _gaps_below([path @ rotation for path in paths])
    if gaps:
        return float(np.median(gaps))
    heights = [np.ptp(np.array(line.polygon) @ rotation[:, 1]) for line in lines if line.polygon]
    return 0.8 * float(np.median(heights)) if heights else 0.0


def _gaps_below(paths: Sequence[np.ndarray]) -> list[float]:
    """Measure from the middle of each path, or of a sample of them, to the next path below."""
    paths = sorted(paths, key=lambda path: path[:, 1].min())
    lows = np.array([path.min(axis=0) for path in paths]).reshape(-1, 2)
    highs = np.array([path.max(axis=0) for path in paths]).reshape(-1, 2)
    gaps = []
    for own in range(0, len(paths), -(-len(paths) // _MOST_GAPS) or 1):
        x, y = paths[own].mean(axis=0)
        below = (lows[:, 0] <= x) & (x <= highs[:, 0]) & (highs[:, 1] - y > _LEAST_GAP_PX)
        nearest = np.inf
        for other in np.flatnonzero(below):
            # Sorted from top to bottom: a path that begins below the nearest is no nearer.
            if lows[other, 1] - y >= nearest:
                break
            gap = _height_at(paths[other], x) - y
            if other != own and gap > _LEAST_GAP_PX:
                nearest = min(nearest, gap)
        gaps += [nearest] if np.isfinite(nearest) else []
    return gaps


def polygon_reach_px(path: np.ndarray, line: Line) -> tuple[float, float]:
    """Measure how far a polygon reaches above and below a path.

    Args:
        path: float [n, 2], evenly spaced.
        line: The line with the polygon.

    Returns:
        The 85th percentiles of the reach above and below; NaN without a polygon.
    """
    if len(line.polygon) < 3:
        return np.nan, np.nan
    outline = densify(np.array(line.polygon, float), 2 * _STEP_PX, _MOST_OUTLINE_POINTS)
    thinned = path[:: max(1, len(path) // 400)]
    across, down = (np.subtract.outer(outline[:, i], thinned[:, i]) for i in (0, 1))
    nearest = np.argmin(across**2 + down**2, axis=1)
    normals = up_normals(thinned)[nearest]
    heights = ((outline - thinned[nearest]) * normals).sum(axis=1)
    above, below = heights[heights > 0], -heights[heights < 0]
    return tuple(
        float(np.percentile(side, _REACH_PERCENTILE)) if len(side) else 0.0
        for side in (above, below)
    )


def _height_at(path: np.ndarray, x: float) -> float:
    order = np.argsort(path[:, 0])
    xs, ys = path[order].T
    return float(np.interp(x, xs, ys)) if xs[0] <= x <= xs[-1] else -np.inf


def _raw_path(line: Line) -> np.ndarray | None:
    if len(line.baseline) >= 2:
        path = np.array(line.baseline, float)
    elif len(line.polygon) >= 3:
        path = _path_in_polygon(np.array(line.polygon, float))
    else:
        return None
    return path if arc_lengths(path)[-1] > 0 else None


def _path_in_polygon(polygon: np.ndarray) -> np.ndarray:
    left, right = polygon[:, 0].min(), polygon[:, 0].max()
    inset = min(1.0, (right - left) / 8)
    count = int(np.clip((right - left) / 8, 2, _MOST_PATH_POINTS))
    xs = np.linspace(left + inset, right - inset, count)
    top, bottom = column_bounds(polygon, xs)
    ys = top + _BASELINE_DEPTH * (bottom - top)
    inside = np.isfinite(ys)
    path = np.stack([xs[inside], ys[inside]], axis=1)
    # Outlines bulge around single letters, which a straight line smooths out.
    if len(path) >= 3:
        path[:, 1] = np.polyval(np.polyfit(path[:, 0], path[:, 1], 1), path[:, 0])
    return path


def _refine_path(path: np.ndarray, line: Line, pitch_px: float) -> np.ndarray:
    """Extend a path to the ends of the polygon, space its points evenly, and smooth it."""
    path = _extend(path, line)
    length = arc_lengths(path)[-1]
    count = int(np.clip(length / _STEP_PX + 1, 2, _MOST_PATH_POINTS))
    even = resample(path, np.linspace(0, length, count))
    return smooth(even, int(pitch_px * (count - 1) / length))


def _extend(path: np.ndarray, line: Line) -> np.ndarray:
    if len(line.polygon) < 3:
        return path
    outline = np.array(line.polygon, float)
    chord = path[-1] - path[0]
    direction = chord / max(np.hypot(*chord), 1e-9)
    start = min(0.0, ((outline - path[0]) @ direction).min())
    end = max(0.0, ((outline - path[-1]) @ direction).max())
    return np.concatenate([[path[0] + start * direction], path, [path[-1] + end * direction]])


def _usual_reach(reaches: np.ndarray, pitch_px: float, shares, usual_share: float) -> float:
    known = reaches[np.isfinite(reaches)]
    if not len(known):
        return usual_share * pitch_px
    median = float(np.median(known))
    return float(np.clip(median, *(share * pitch_px for share in shares))) if pitch_px else median


def _own_reach(reach: float, usual: float) -> float:
    if not np.isfinite(reach):
        return usual
    return float(np.clip(reach, _OWN_SHARES[0] * usual, _OWN_SHARES[1] * usual))
