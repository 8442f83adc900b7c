"""Measures of an image: its blur, and the levels of its paper and ink."""

from __future__ import annotations

import cv2
import numpy as np

_LEVELS = np.arange(256.0)

_REBLUR_PX = 9
# Every sixth row is enough to estimate the steps along rows, and likewise with columns.
_EVERY = 6


def blur_effect(grey: np.ndarray) -> float:
    """Measure the blur of an image without a reference image.

    The image is blurred again with a box filter of 9 px; steps from pixel to pixel lose most of
    their height if they were sharp (F. Crété et al., "The blur effect: perception and estimation
    with a new no-reference perceptual blur metric", SPIE 6492, 2007). The measure depends on the
    size of the writing, but not on its contrast: compare images at the same scale.

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
    return max(_remaining_share(rows), _remaining_share(columns))


def _remaining_share(rows: np.ndarray) -> float:
    """Return the share of the steps along rows that remains after blurring."""
    if rows.shape[1] < 2:
        return 0.0
    again = cv2.blur(rows, (_REBLUR_PX, 1))
    steps = cv2.absdiff(rows[:, 1:], rows[:, :-1])
    softer = cv2.absdiff(again[:, 1:], again[:, :-1])
    all_steps = cv2.sumElems(steps)[0]
    # The subtraction of bytes saturates at 0: a step that grew has lost nothing.
    lost = cv2.sumElems(cv2.subtract(steps, softer))[0]
    return 1.0 - lost / all_steps if all_steps else 0.0


def paper_and_ink(grey: np.ndarray) -> tuple[float, float]:
    """Return the mean levels of paper and ink in an image.

    The threshold between them minimises the variance within both (N. Otsu, "A threshold
    selection method from gray-level histograms", IEEE SMC 9, 1979).

    Args:
        grey: uint8 [height_px, width_px], paper light.

    Returns:
        Mean levels of the paper and of the ink, 0..255; equal if there is only one level.

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
