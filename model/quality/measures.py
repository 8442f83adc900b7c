"""How blurred writing is: whether blurring it once more changes anything."""

from __future__ import annotations

import cv2
import numpy as np

_LEVELS = np.arange(256.0)

_REBLUR_PX = 9
# Every sixth row tells as much of the steps along rows as all of them, and so with columns.
_EVERY = 6


def blur_effect(grey: np.ndarray) -> float:
    """Measure the blur of an image without one to compare it with.

    The image is blurred again by a mean over 9 px, and what its steps from pixel to pixel lose
    by that is compared with what they were: sharp steps lose most of their height (F. Crété
    et al., "The blur effect: perception and estimation with a new no-reference perceptual blur
    metric", SPIE 6492, 2007). Contrast does not matter. Size does: give writing of one size.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        0 (sharp) to 1 (nothing left to blur), along the axis in which it is worse; 0 for an
        image without steps.

    Example:
        >>> sharp = np.full((64, 200), 255, np.uint8)
        >>> sharp[20:40, 20:180:8] = 0
        >>> soft = cv2.GaussianBlur(sharp, (0, 0), 3)
        >>> blur_effect(sharp) < 0.2 < 0.5 < blur_effect(soft)
        True
    """
    rows, columns = grey[::_EVERY], np.ascontiguousarray(grey[:, ::_EVERY].T)
    return max(_left_of_steps(rows), _left_of_steps(columns))


def _left_of_steps(rows: np.ndarray) -> float:
    """Tell which share of the steps along rows outlives blurring."""
    if rows.shape[1] < 2:
        return 0.0
    again = cv2.blur(rows, (_REBLUR_PX, 1))
    steps = cv2.absdiff(rows[:, 1:], rows[:, :-1])
    softer = cv2.absdiff(again[:, 1:], again[:, :-1])
    all_steps = cv2.sumElems(steps)[0]
    # Bytes saturate: a step that grew has lost nothing.
    lost = cv2.sumElems(cv2.subtract(steps, softer))[0]
    return 1.0 - lost / all_steps if all_steps else 0.0


def paper_and_ink(grey: np.ndarray) -> tuple[float, float]:
    """Split an image into paper and ink and tell how light each is.

    The split is the one that leaves least variance in both (N. Otsu, "A threshold selection
    method from gray-level histograms", IEEE SMC 9, 1979).

    Args:
        grey: uint8 [height_px, width_px], paper light.

    Returns:
        Mean level of the paper and of the ink, 0..255; the same twice where all is one level.

    Example:
        >>> grey = np.full((10, 10), 200, np.uint8)
        >>> grey[4, 2:8] = 50
        >>> paper_and_ink(grey)
        (200.0, 50.0)
    """
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    darker = np.cumsum(counts)
    sums = np.cumsum(counts * _LEVELS)
    total, whole = darker[-1], sums[-1]
    lighter = total - darker
    splits = np.flatnonzero((darker > 0) & (lighter > 0))
    if not splits.size:
        level = float(whole / total)
        return level, level
    ink = sums[splits] / darker[splits]
    paper = (whole - sums[splits]) / lighter[splits]
    best = int(np.argmax(darker[splits] * lighter[splits] * (paper - ink) ** 2))
    return float(paper[best]), float(ink[best])
