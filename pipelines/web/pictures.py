"""Images of pages as tiles and as lines cut out, from a bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from math import ceil
from typing import Generic, TypeVar

import cv2
import numpy as np

_T = TypeVar("_T")
# Like a marker: blue, green, red.
_MARK, _MARK_MARGIN_PX = np.array([0.62, 0.92, 1.0], np.float32), 6
TILE_PX = 512
_QUALITY = 82
# A smaller image is not reduced further.
_LEAST_SIDE_PX = 256


class Kept(Generic[_T]):
    """What was made last, up to some bytes of it; made once, however many ask at the same time.

    Args:
        most_bytes: Most bytes that are kept; a single one that is larger is not kept.
        size_of: Returns the bytes of one.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[_T], int]):
        self._most_bytes, self._size_of = most_bytes, size_of
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self._kept: OrderedDict[Hashable, _T] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what is kept under a key, or make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = make()
                self._keep(key, made)
                return made
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def _keep(self, key: Hashable, made: _T) -> None:
        size = self._size_of(made)
        if size > self._most_bytes:
            return
        with self._lock:
            self._kept[key] = made
            self._bytes += size
            while self._bytes > self._most_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= self._size_of(gone)


class Pyramid:
    """An image in all its sizes, each half of the one before, as OpenSeadragon asks for it.

    Args:
        grey: uint8 [height_px, width_px].
    """

    def __init__(self, grey: np.ndarray):
        sizes = [np.ascontiguousarray(grey)]
        while max(sizes[-1].shape) > _LEAST_SIDE_PX:
            height_px, width_px = sizes[-1].shape
            half = (max(1, (width_px + 1) // 2), max(1, (height_px + 1) // 2))
            sizes.append(cv2.resize(sizes[-1], half, interpolation=cv2.INTER_AREA))
        self._sizes = sizes[::-1]

    @property
    def byte_count(self) -> int:
        """Bytes that it takes."""
        return sum(size.nbytes for size in self._sizes)

    @property
    def pixels(self) -> np.ndarray:
        """The image itself, uint8 [height_px, width_px]."""
        return self._sizes[-1]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the image."""
        height_px, width_px = self._sizes[-1].shape
        return width_px, height_px

    @property
    def level_count(self) -> int:
        """Number of sizes; the last one is the image itself."""
        return len(self._sizes)

    def tile(self, level: int, column: int, row: int) -> bytes | None:
        """Return a tile as JPEG; None where there is none.

        Args:
            level: Size, from 0, the smallest.
            column: From 0.
            row: From 0.
        """
        if not 0 <= level < len(self._sizes) or min(column, row) < 0:
            return None
        x, y = column * TILE_PX, row * TILE_PX
        piece = self._sizes[level][y : y + TILE_PX, x : x + TILE_PX]
        return jpeg(piece) if piece.size else None

    def whole(self, most_px: int) -> bytes:
        """Return the image as JPEG, with at most so many pixels a side."""
        fitting = [size for size in self._sizes if max(size.shape) >= most_px]
        return jpeg(_fitted(fitting[0] if fitting else self._sizes[-1], most_px, most_px))

    def cut(
        self,
        box: tuple[int, int, int, int],
        most_width_px: int,
        most_height_px: int,
        marks: Sequence[tuple[int, int]] = (),
    ) -> bytes:
        """Return a rectangle of the image as JPEG.

        Args:
            box: Left, top, right, bottom in pixels; what lies outside of the image is left out.
            most_width_px: Most pixels of width; larger rectangles are reduced.
            most_height_px: Most pixels of height.
            marks: Left and right of stretches of it to tint, in pixels of the image.

        Raises:
            ValueError: If nothing of it is in the image.
        """
        grey = self._sizes[-1]
        left, top, right, bottom = box
        piece = grey[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        if not piece.size:
            raise ValueError("the line lies outside of the image")
        fitted = _fitted(piece, most_width_px, most_height_px)
        scale, first = fitted.shape[1] / piece.shape[1], max(0, left)
        tinted = [(round((a - first) * scale), round((b - first) * scale)) for a, b in marks]
        return jpeg(_tinted(fitted, tinted) if tinted else fitted)


def _tinted(grey: np.ndarray, stretches: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return pixels in colours, uint8 [height_px, width_px, BGR], with some columns like marked."""
    colours = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.float32)
    for left, right in stretches:
        colours[:, max(0, left - _MARK_MARGIN_PX) : max(0, right + _MARK_MARGIN_PX)] *= _MARK
    return colours.astype(np.uint8)


def _fitted(grey: np.ndarray, most_width_px: int, most_height_px: int) -> np.ndarray:
    height_px, width_px = grey.shape
    scale = min(1.0, most_width_px / width_px, most_height_px / height_px)
    if scale == 1.0:
        return grey
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def jpeg(grey: np.ndarray) -> bytes:
    """Return pixels as a JPEG file.

    Args:
        grey: uint8 [height_px, width_px].
    """
    _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()


def box_around(points, margin: float = 0.0) -> tuple[int, int, int, int] | None:
    """Return the rectangle around points: left, top, right, bottom.

    Args:
        points: (x, y) of each.
        margin: Added on each side, as a share of the height.

    Example:
        >>> box_around([(10, 20), (30, 40.5)]), box_around([])
        ((10, 20, 30, 41), None)
    """
    points = list(points)
    if not points:
        return None
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    more = margin * (bottom - top)
    return int(left - more), int(top - more), ceil(right + more), ceil(bottom + more)
