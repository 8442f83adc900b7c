"""Sampling a page at points between its pixels."""

from __future__ import annotations

import cv2
import numpy as np

# OpenCV's remap uses 16-bit sizes.
_MOST_REMAP_PX = 32_767
_PAPER = 255


def sample(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Sample a page at points, bilinearly, within the part of it that contains them.

    Args:
        image: uint8 [height_px, width_px], paper 255.
        points: float32 [rows, columns, 2], x and y; each column is a straight line.

    Returns:
        uint8 [rows, columns]; paper outside of the page.

    Raises:
        ValueError: If all points lie outside of the page, or they span too much of it.
    """
    height, width = image.shape
    # Each column of points is a straight line: the first and the last row bound them all.
    bounds = np.concatenate([points[0], points[-1]])
    low = np.maximum(np.floor(bounds.min(axis=0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(bounds.max(axis=0)).astype(int) + 3, (width, height))
    if (low >= high).any():
        raise ValueError(
            f"line lies outside of the page of {width} x {height} px; correct its outline"
        )
    part = image[low[1] : high[1], low[0] : high[0]]
    if max(*points.shape[:2], *part.shape) >= _MOST_REMAP_PX:
        raise ValueError(f"line of {max(part.shape)} px is too long to sample; scale the page down")
    local = points - low.astype(np.float32)
    return cv2.remap(
        part,
        local,
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_PAPER,
    )
