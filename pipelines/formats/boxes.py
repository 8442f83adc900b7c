"""Boxes of lines and regions, outlines and baselines as they were meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from schemas.records import Point, Polyline

Box = tuple[int, int, int, int]
# How far above the baseline the middle of upright writing is at least, as a share of its height.
_CLEARLY = 0.05


def box_of(points: Polyline) -> Box:
    """Return left, top, right and bottom of some points, truncated to whole pixels.

    Example:
        >>> box_of(((3, 1), (7, 2), (5, 9)))
        (3, 1, 7, 9)
    """
    xs, ys = zip(*points)
    return int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys))


def corners_around(boxes: Iterable[tuple[float, float, float, float]]) -> Polyline:
    """Return the corners of the smallest box around some boxes.

    Args:
        boxes: Left, top, right and bottom of each.

    Returns:
        The corners, clockwise from the upper left one; empty where there is no box.

    Example:
        >>> corners_around([(1, 2, 5, 4), (3, 1, 9, 3)])
        ((1, 1), (9, 1), (9, 4), (1, 4))
    """
    sides = list(zip(*boxes))
    if not sides:
        return ()
    left, top, right, bottom = min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])
    return (left, top), (right, top), (right, bottom), (left, bottom)


def simple_outline(points: Polyline) -> Polyline:
    """Return an outline of four points whose sides do not cross; others are unchanged.

    Some programs list the corners of a box row by row, in Z order.

    Example:
        >>> simple_outline(((0, 0), (9, 0), (0, 4), (9, 4)))
        ((0, 0), (9, 0), (9, 4), (0, 4))
    """
    corners = points[:-1] if len(points) == 5 and points[0] == points[-1] else points
    if len(corners) != 4:
        return points
    a, b, c, d = corners
    if _cross(a, b, c, d):
        return a, b, d, c
    if _cross(b, c, d, a):
        return a, c, b, d
    return points


def writing_baseline(baseline: Polyline, polygon: Polyline) -> Polyline:
    """Return a baseline in writing direction, as the polygon around the writing tells it.

    Writing reaches further above its baseline than below. A baseline from right to left with
    most of its polygon above it in the image is reversed: upright writing, drawn backwards. One
    with most of its polygon below it belongs to a page that is upside down and stays.

    Args:
        baseline: The baseline as drawn.
        polygon: The outline of the line; may be empty.

    Returns:
        The baseline; only its first point where all its points are the same.

    Example:
        >>> box = ((0, 0), (90, 0), (90, 30), (0, 30))
        >>> writing_baseline(((90, 20), (0, 20)), box)
        ((0, 20), (90, 20))
        >>> writing_baseline(((90, 10), (0, 10)), box), writing_baseline(((5, 5), (5, 5)), box)
        (((90, 10), (0, 10)), ((5, 5),))
    """
    if len(set(baseline)) < 2:
        return baseline[:1]
    (first_x, first_y), (last_x, last_y) = baseline[0], baseline[-1]
    leftwards = first_x - last_x
    if leftwards <= abs(last_y - first_y) or len(polygon) < 3:
        return baseline
    area, centre_y = _area_and_centre(polygon)
    thickness = abs(area) / leftwards
    rise = _mean_y(baseline) - centre_y
    return baseline[::-1] if rise > _CLEARLY * thickness > 0 else baseline


def _area_and_centre(polygon: Polyline) -> tuple[float, float]:
    """Return the signed area of a polygon, and y of its centre; 0 for both if it has no area."""
    area = moment = 0.0
    for (x, y), (next_x, next_y) in zip(polygon, polygon[1:] + polygon[:1]):
        cross = x * next_y - next_x * y
        area += cross / 2
        moment += cross * (y + next_y) / 6
    return (area, moment / area) if area else (0.0, 0.0)


def _mean_y(points: Polyline) -> float:
    """Return the mean of y along a polyline, weighted by the way in x."""
    steps = [(abs(b[0] - a[0]), (a[1] + b[1]) / 2) for a, b in pairwise(points)]
    return sum(width * y for width, y in steps) / sum(width for width, _ in steps)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the sides from `b` to `c` and from `d` to `a` cross each other."""
    return _turn(b, c, d) * _turn(b, c, a) < 0 and _turn(d, a, b) * _turn(d, a, c) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
