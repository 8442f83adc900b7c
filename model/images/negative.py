"""Pages whose ink is light and whose paper is dark: photostats, films, inverted scans."""

from __future__ import annotations

import cv2
import numpy as np

from model.images.resize import shrink

NEGATIVE = "negative: white on black"

# Ink covers less than half of a piece of written paper, so the levels of a piece are skewed
# towards its ink. On 358 pages of three archives at least 94 of 100 pieces are skewed to the
# dark side, on their negatives to the light side; with a black border around them, underexposed,
# or with noise, at least as many dark ones as light ones remain.
_SIDE_PX = 1000
_LARGEST_PIECE_PX, _SMALLEST_PIECE_PX = 32, 8
_LEAST_PIECES = 8
_LEAST_DEVIATION = 4.0
_LEAST_SKEWNESS = 0.3
_LEAST_MEDIAN_SKEWNESS = 0.6
_LEAST_SHARE = 0.8
# Pages of which less is dark are not looked at any further.
_DARK_LEVEL, _LEAST_DARK_SHARE = 128, 0.35
_EVERY = 8
# The paper of a negative is not lighter, by the median of its pieces.
_LIGHTEST_PAPER = 144


def is_negative(grey: np.ndarray) -> bool:
    """Return whether writing is light on dark paper.

    The page is cut into small pieces, of which those with the most contrast count. Levels that
    are the same along a whole row or column of a piece are taken off first, so that the edge of
    a page on a black ground is no writing.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        True only where nearly all pieces agree.

    Example:
        >>> page = np.full((300, 600), 230, np.uint8)
        >>> for top in range(20, 280, 20):
        ...     page[top : top + 8, 20:580:9] = 40
        >>> is_negative(page), is_negative(255 - page)
        (False, True)
    """
    if (grey[::_EVERY, ::_EVERY] < _DARK_LEVEL).mean() < _LEAST_DARK_SHARE:
        return False
    small = shrink(grey, _SIDE_PX / np.sqrt(grey.size))
    side = min(_LARGEST_PIECE_PX, min(small.shape) // 2)
    if side < _SMALLEST_PIECE_PX:
        return False
    pieces = _pieces(small, side)
    flat = pieces.mean(axis=1, keepdims=True) + pieces.mean(axis=2, keepdims=True)
    off = pieces - flat + pieces.mean(axis=(1, 2), keepdims=True)
    squares = off * off
    deviation = np.sqrt(squares.mean(axis=(1, 2)))
    is_uneven = deviation >= _LEAST_DEVIATION
    if not is_uneven.any():
        return False
    is_uneven &= deviation >= np.median(deviation[is_uneven])
    if is_uneven.sum() < _LEAST_PIECES:
        return False
    skewness = (squares * off)[is_uneven].mean(axis=(1, 2)) / deviation[is_uneven] ** 3
    agree = (skewness > _LEAST_SKEWNESS).mean() - (skewness < -_LEAST_SKEWNESS).mean()
    paper = np.median([np.median(piece) for piece in pieces[is_uneven]])
    return bool(
        agree >= _LEAST_SHARE
        and np.median(skewness) >= _LEAST_MEDIAN_SKEWNESS
        and paper <= _LIGHTEST_PAPER
    )


def turned_light(grey: np.ndarray) -> np.ndarray:
    """Return the positive of a negative."""
    return cv2.bitwise_not(grey)


def _pieces(grey: np.ndarray, side_px: int) -> np.ndarray:
    """Cut an image into squares, float32 [count, side_px, side_px]; what is left over is lost."""
    down, across = (length // side_px for length in grey.shape)
    cut = grey[: down * side_px, : across * side_px].astype(np.float32)
    cut = cut.reshape(down, side_px, across, side_px).swapaxes(1, 2)
    return cut.reshape(-1, side_px, side_px)
