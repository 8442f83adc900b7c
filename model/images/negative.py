"""Pages whose ink is light and whose paper is dark: photostats, films, inverted scans."""

from __future__ import annotations

import cv2
import numpy as np

from model.images.resize import shrink

NEGATIVE = "negative: white on black"

# Ink covers less than half of a piece of written paper, so the levels of a piece are skewed
# towards its ink. The shares below are of pieces that are skewed to the light side less those to
# the dark side. On pages of three archives, also underexposed, noisy, on black ground, or cut up,
# it is -0.8 to -1 in one of the sizes and never above 0; on their negatives it is the opposite.
# Of 358 pages none is taken for a negative, and of their negatives 351 are.
# The first decides most pages, quickly.
_SIZES_PX = (500, 1000, 250)
_LARGEST_PIECE_PX, _SMALLEST_PIECE_PX = 32, 16
_LEAST_PIECES, _LEAST_WRITTEN_SHARE = 5, 0.03
_LEAST_DEVIATION = 4.0
# What remains of the variance of writing when levels that are the same along a whole row or column
# of a piece are taken off; of the edge of a page on a black ground, little does.
_LEAST_VARIANCE_LEFT = 0.5
# A speck of dust in a piece gives more than the second.
_LEAST_SKEWNESS, _MOST_SKEWNESS = 0.3, 8.0
_LEAST_SHARE, _LEAST_LARGEST_SHARE = -0.1, 0.8
# Pages in whose middle less is dark are not looked at any further.
_DARK_LEVEL, _LEAST_DARK_SHARE = 128, 0.55
_EVERY = 8
# The paper of a negative is not lighter, by the median of its pieces.
_LIGHTEST_PAPER = 144


def is_negative(grey: np.ndarray) -> bool:
    """Return whether writing is light on dark paper.

    The page is cut into small pieces, of which those with the most contrast count; large writing
    is told on a smaller page. Edges of the page are no writing.

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
    height_px, width_px = grey.shape
    middle = grey[height_px // 4 :, width_px // 4 :][: height_px // 2 + 1, : width_px // 2 + 1]
    if (middle[::_EVERY, ::_EVERY] < _DARK_LEVEL).mean() < _LEAST_DARK_SHARE:
        return False
    shares = []
    for size_px in _SIZES_PX:
        share, paper = _judge(_at_most(grey, size_px))
        if share < _LEAST_SHARE or (share > 0 and paper > _LIGHTEST_PAPER):
            return False
        shares.append(share)
    return max(shares) >= _LEAST_LARGEST_SHARE


def _at_most(grey: np.ndarray, side_px: int) -> np.ndarray:
    """Shrink an image to the area of a square; averaging 2 x 2 px first, which is quick."""
    while grey.size >= 4 * side_px**2 and min(grey.shape) > 1:
        height_px, width_px = (length // 2 for length in grey.shape)
        even = grey[: 2 * height_px, : 2 * width_px]
        grey = cv2.resize(even, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return shrink(grey, side_px / np.sqrt(grey.size))


def _judge(grey: np.ndarray) -> tuple[float, float]:
    """Return the share of light writing less that of dark writing, and the level of its paper."""
    nothing = 0.0, 255.0
    side = min(_LARGEST_PIECE_PX, min(grey.shape) // 2)
    if side < _SMALLEST_PIECE_PX:
        return nothing
    pieces = _pieces(grey, side)
    off = pieces - pieces.mean(axis=(1, 2), keepdims=True)
    left = off - off.mean(axis=1, keepdims=True) - off.mean(axis=2, keepdims=True)
    variance, variance_left = ((part * part).mean(axis=(1, 2)) for part in (off, left))
    counts = variance_left >= np.maximum(_LEAST_DEVIATION**2, _LEAST_VARIANCE_LEFT * variance)
    # Less is dust on an empty frame of a film.
    if counts.sum() < max(1, _LEAST_WRITTEN_SHARE * len(counts)):
        return nothing
    counts &= variance_left >= np.median(variance_left[counts])
    if counts.sum() < _LEAST_PIECES:
        return nothing
    off, variance = off[counts], variance[counts]
    skewness = (off * off * off).mean(axis=(1, 2)) / variance**1.5
    is_light = (skewness > _LEAST_SKEWNESS) & (skewness < _MOST_SKEWNESS)
    share = is_light.mean() - (skewness < -_LEAST_SKEWNESS).mean()
    return float(share), float(np.median([np.median(piece) for piece in pieces[counts]]))


def turned_light(grey: np.ndarray) -> np.ndarray:
    """Return the positive of a negative."""
    return cv2.bitwise_not(grey)


def _pieces(grey: np.ndarray, side_px: int) -> np.ndarray:
    """Cut an image into squares, float32 [count, side_px, side_px]; what is left over is lost."""
    down, across = (length // side_px for length in grey.shape)
    cut = grey[: down * side_px, : across * side_px].astype(np.float32)
    cut = cut.reshape(down, side_px, across, side_px).swapaxes(1, 2)
    return cut.reshape(-1, side_px, side_px)
