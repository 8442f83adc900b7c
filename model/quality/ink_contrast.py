"""How far ink stands out from its paper, by the split of Otsu."""

from __future__ import annotations

import cv2
import numpy as np

_LEVELS = np.arange(256.0)


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
