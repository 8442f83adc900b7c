"""Axis-aligned bounding boxes of lines and regions."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.records import Polyline

Box = tuple[int, int, int, int]


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
