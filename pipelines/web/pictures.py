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
        tint: Its colours, as of `model.images.colour.tint_of`; None for none.
    """

    def __init__(self, grey: np.ndarray, tint: np.ndarray | None = None):
        if tint is not None and tint.shape[1:] != tuple((side + 1) // 2 for side in grey.shape):
            raise ValueError(f"tint of {tint.shape[1:]} px does not fit a page of {grey.shape} px")
        sizes = [np.ascontiguousarray(grey)]
        while max(sizes[-1].shape) > _LEAST_SIDE_PX:
            height_px, width_px = sizes[-1].shape
            half = (max(1, (width_px + 1) // 2), max(1, (height_px + 1) // 2))
            sizes.append(cv2.resize(sizes[-1], half, interpolation=cv2.INTER_AREA))
        tints = [] if tint is None else [tint]
        for _ in sizes[1:] if tints else ():
            tints.append(_halved(tints[-1]))
        self._sizes, self._tints = sizes[::-1], tints[::-1]

    @property
    def byte_count(self) -> int:
        """Bytes that it takes."""
        return sum(size.nbytes for size in (*self._sizes, *self._tints))

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
        return jpeg(self._coloured(piece, level, y, x)) if piece.size else None

    def whole(self, most_px: int) -> bytes:
        """Return the image as JPEG, with at most so many pixels a side."""
        fitting = [level for level, size in enumerate(self._sizes) if max(size.shape) >= most_px]
        level = fitting[0] if fitting else len(self._sizes) - 1
        return jpeg(_fitted(self._coloured(self._sizes[level], level), most_px, most_px))

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
        coloured = self._coloured(piece, len(self._sizes) - 1, max(0, top), max(0, left))
        fitted = _fitted(coloured, most_width_px, most_height_px)
        scale, first = fitted.shape[1] / piece.shape[1], max(0, left)
        tinted = [(round((a - first) * scale), round((b - first) * scale)) for a, b in marks]
        return jpeg(_marked(fitted, tinted) if tinted else fitted)

    def _coloured(self, piece: np.ndarray, level: int, top: int = 0, left: int = 0) -> np.ndarray:
        """Return a part of a size with its colours, if there are any.

        Args:
            piece: The part, uint8 [height_px, width_px].
            level: The size.
            top: Row of the size in which it begins.
            left: Column, likewise.
        """
        if not self._tints:
            return piece
        height_px, width_px = piece.shape
        rows = slice(top // 2, (top + height_px + 1) // 2)
        columns = slice(left // 2, (left + width_px + 1) // 2)
        planes = [
            cv2.resize(plane[rows, columns], (width_px, height_px)) for plane in self._tints[level]
        ]
        return cv2.cvtColor(np.dstack([piece, *planes]), cv2.COLOR_YCrCb2BGR)


def _halved(tint: np.ndarray) -> np.ndarray:
    """Return two planes at half their size, uint8 [2, height_px, width_px]."""
    half = (tint.shape[2] + 1) // 2, (tint.shape[1] + 1) // 2
    return np.stack([cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in tint])


def _marked(pixels: np.ndarray, stretches: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return pixels in colours, uint8 [height_px, width_px, BGR], with some columns like marked."""
    has_colours = pixels.ndim == 3
    colours = pixels if has_colours else cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    colours = colours.astype(np.float32)
    for left, right in stretches:
        colours[:, max(0, left - _MARK_MARGIN_PX) : max(0, right + _MARK_MARGIN_PX)] *= _MARK
    return colours.astype(np.uint8)


def _fitted(pixels: np.ndarray, most_width_px: int, most_height_px: int) -> np.ndarray:
    height_px, width_px = pixels.shape[:2]
    scale = min(1.0, most_width_px / width_px, most_height_px / height_px)
    if scale == 1.0:
        return pixels
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def jpeg(pixels: np.ndarray) -> bytes:
    """Return pixels as a JPEG file.

    Args:
        pixels: uint8 [height_px, width_px] for grey, [height_px, width_px, BGR] for colours.
    """
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
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
