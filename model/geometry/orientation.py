"""The EXIF orientation of an image: from pixels as stored to the picture as shown, and back."""

from __future__ import annotations

from collections.abc import Iterable

UPRIGHT = 1
# For each orientation, what x and y of the shown picture are made of: the coordinate of the stored
# pixels, 0 for x and 1 for y, and whether it counts from the other end.
_SHOWN = {
    1: ((0, False), (1, False)),
    2: ((0, True), (1, False)),
    3: ((0, True), (1, True)),
    4: ((0, False), (1, True)),
    5: ((1, False), (0, False)),
    6: ((1, True), (0, False)),
    7: ((1, True), (0, True)),
    8: ((1, False), (0, True)),
}
# A quarter turn to the right is undone by one to the left; all others undo themselves.
_INVERSE = {6: 8, 8: 6}


def to_shown(
    points: Iterable[tuple[float, float]], orientation: int, width: float, height: float
) -> tuple[tuple[float, float], ...]:
    """Return where points of the stored pixels lie in the picture as shown.

    Args:
        points: Points (x, y), y downwards.
        orientation: 1 to 8, as in EXIF.
        width: Width of the stored pixels.
        height: Height of the stored pixels.

    Example:
        >>> to_shown([(0, 0), (30, 10)], 6, 40, 20)
        ((20, 0), (10, 30))
    """
    size = width, height

    def coordinate(point: tuple[float, float], axis: int, is_mirrored: bool) -> float:
        return size[axis] - point[axis] if is_mirrored else point[axis]

    x_axis, y_axis = _SHOWN[orientation]
    return tuple((coordinate(point, *x_axis), coordinate(point, *y_axis)) for point in points)


def to_stored(
    points: Iterable[tuple[float, float]], orientation: int, width: float, height: float
) -> tuple[tuple[float, float], ...]:
    """Return where points of the picture as shown lie in the stored pixels.

    Args:
        points: Points (x, y), y downwards.
        orientation: 1 to 8, as in EXIF.
        width: Width of the picture as shown.
        height: Its height.

    Example:
        >>> to_stored([(20, 0), (10, 30)], 6, 20, 40)
        ((0, 0), (30, 10))
    """
    return to_shown(points, _INVERSE.get(orientation, orientation), width, height)


def swaps_sides(orientation: int) -> bool:
    """Return whether width and height of the stored pixels are those of the shown picture swapped.

    Example:
        >>> swaps_sides(3), swaps_sides(6)
        (False, True)
    """
    return _SHOWN[orientation][0][0] == 1
