"""The extent of a line's writing: its path, and its reach above and below the path.

The baseline gives the path; a missing one is placed inside the polygon. The reach is measured from
the ink; polygons refine it where those of the page agree with the ink. Without an image the reach
follows from the polygons, within bounds that the line pitch sets.
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
# Polygons are believed if over a page they differ from the ink by no more than these factors, above
# and below. Of sound pages 1 in 500 differs by more.
_BELIEVED_FACTORS = np.array([1.35, 1.8])
# Heights of a line over which its path is smoothed.
_SMOOTHED = 1.5
# What the reach of a line may differ from the page's in natural logarithms before it is taken for
# writing of another size: the error of a measurement.
_SAME_SIZE = 0.15
# Position of the baseline between top and bottom of a polygon.
_BASELINE_DEPTH = 0.70
_REACH_PERCENTILE = 85
_POINTS_AT_ONCE = 32


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


def line_extents(
    lines: Sequence[Line], writing_px: np.ndarray | None = None
) -> list[LineExtent | None]:
    """Estimate the extent of every line of a page, with the help of the others.

    Args:
        lines: The lines of one page.
        writing_px: float [line, 2], reach above and below as measured from the ink, NaN where
            it was not; None if there is no image.

    Returns:
        An extent for each line; None for a line without geometry or of no length.
    """
    paths = [baseline_path(line) for line in lines]
    pitch = line_pitch_px([path for path in paths if path is not None], lines)
    writing = None if writing_px is None else _writing_of_page(writing_px)
    spans = np.full(len(lines), pitch) if writing is None else _SMOOTHED * writing.sum(axis=1)
    refined = [
        None if path is None else _refine_path(extend_to_polygon(path, line), span)
        for path, line, span in zip(paths, lines, spans)
    ]
    reaches = np.array(
        [
            (np.nan, np.nan) if path is None else polygon_reach_px(path, line)
            for path, line in zip(refined, lines)
        ]
    ).reshape(-1, 2)
    if writing is None:
        usual = (
            _usual_reach(reaches[:, 0], pitch, _ABOVE_SHARES, _DEFAULT_ABOVE),
            _usual_reach(reaches[:, 1], pitch, _BELOW_SHARES, _DEFAULT_BELOW),
        )
        writing = np.tile(usual, (len(lines), 1))
    else:
        reaches, writing = _believe_polygons(reaches, writing)
        # Polygons that are not believed may lie anywhere: a line ends near its baseline's ends.
        refined = [
            _refine_path(extend_to_polygon(path, line, most_px=sum(size)), span)
            if path is not None and np.isnan(reach).any()
            else own
            for path, own, line, span, reach, size in zip(
                paths, refined, lines, spans, reaches, writing
            )
        ]
    return [
        None if path is None else LineExtent(path, *map(_own_reach, reach, usual))
        for path, reach, usual in zip(refined, reaches, writing)
    ]


def _writing_of_page(writing_px: np.ndarray) -> np.ndarray | None:
    """Return the reach of each line, that of the page unless its writing is of another size."""
    with np.errstate(invalid="ignore"):
        measured = np.log(writing_px)
    known = np.isfinite(measured).all(axis=1)
    if not known.any():
        return None
    of_page = np.median(measured[known], axis=0)
    other = np.where(known[:, None], measured - of_page, 0.0)
    return np.exp(of_page + np.sign(other) * np.maximum(np.abs(other) - _SAME_SIZE, 0.0))


def _believe_polygons(reaches: np.ndarray, writing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correct what the ink says by the polygons of a page, or discard them all.

    Args:
        reaches: float [line, 2], of the polygons; NaN without.
        writing: float [line, 2], of the ink.

    Returns:
        The reaches of the polygons, NaN if they are not believed, and the usual ones.
    """
    with np.errstate(divide="ignore"):
        ratios = np.log(reaches / writing)
    known = ~np.isnan(ratios).any(axis=1)
    if not known.any():
        return reaches, writing
    bias = np.median(ratios[known], axis=0)
    if (np.abs(bias) > np.log(_BELIEVED_FACTORS)).any():
        return np.full_like(reaches, np.nan), writing
    return reaches, writing * np.exp(bias)


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
    gaps = line_gaps_px(paths)
    if gaps:
        return float(np.median(gaps))
    heights = [np.ptp(np.array(line.polygon) @ rotation[:, 1]) for line in lines if line.polygon]
    return 0.8 * float(np.median(heights)) if heights else 0.0


def line_gaps_px(paths: Sequence[np.ndarray]) -> list[float]:
    """Measure from the middle of each baseline, or of a sample of them, to the next one below.

    Args:
        paths: float [n, 2] each, the baselines, in whatever direction they run.

    Returns:
        Pixels; nothing for a line without one below it.
    """
    rotation = levelling_rotation(paths)
    paths = sorted((path @ rotation for path in paths), key=lambda path: path[:, 1].min())
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
    nearest = _nearest_points(outline, thinned)
    normals = up_normals(thinned)[nearest]
    heights = ((outline - thinned[nearest]) * normals).sum(axis=1)
    above, below = heights[heights > 0], -heights[heights < 0]
    return tuple(
        float(np.percentile(side, _REACH_PERCENTILE)) if len(side) else 0.0
        for side in (above, below)
    )


def _nearest_points(points: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return the index of the point of a path that is nearest to each point, int [points]."""
    nearest = np.empty(len(points), np.intp)
    # A few points at a time: the distances stay in the processor's cache.
    for first in range(0, len(points), _POINTS_AT_ONCE):
        part = slice(first, first + _POINTS_AT_ONCE)
        across, down = (np.subtract.outer(points[part, i], path[:, i]) for i in (0, 1))
        across *= across
        down *= down
        across += down
        nearest[part] = np.argmin(across, axis=1)
    return nearest


def _height_at(path: np.ndarray, x: float) -> float:
    order = np.argsort(path[:, 0])
    xs, ys = path[order].T
    return float(np.interp(x, xs, ys)) if xs[0] <= x <= xs[-1] else -np.inf


def baseline_path(line: Line) -> np.ndarray | None:
    """Return the baseline of a line, float [n, 2]; None if it has no length or geometry.

    Without a baseline it is a straight line in the polygon, where baselines usually lie.
    """
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


def _refine_path(path: np.ndarray, span_px: float) -> np.ndarray:
    """Space the points of a path evenly, and smooth it over a distance."""
    length = arc_lengths(path)[-1]
    count = int(np.clip(length / _STEP_PX + 1, 2, _MOST_PATH_POINTS))
    even = resample(path, np.linspace(0, length, count))
    return smooth(even, round(span_px * (count - 1) / length))


def extend_to_polygon(path: np.ndarray, line: Line, most_px: float = np.inf) -> np.ndarray:
    """Extend a path to the ends of the polygon, each by no more than a length.

    Args:
        path: float [n, 2].
        line: The line with the polygon; without one the path stays.
        most_px: The length.
    """
    if len(line.polygon) < 3:
        return path
    outline = np.array(line.polygon, float)
    chord = path[-1] - path[0]
    direction = chord / max(np.hypot(*chord), 1e-9)
    start = max(-most_px, min(0.0, ((outline - path[0]) @ direction).min()))
    end = min(most_px, max(0.0, ((outline - path[-1]) @ direction).max()))
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
