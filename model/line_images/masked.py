"""Line images that were cut out along an outline: what lies outside of it becomes paper."""

from __future__ import annotations

import cv2
import numpy as np

_MASK = 0


def paper_outside(grey: np.ndarray) -> np.ndarray:
    """Fill the black around a line that was cut out along its outline with its paper.

    What is black without a shade and reaches the edge of the image is outside, and so are
    the pixels next to it, which have a share of it.

    Args:
        grey: uint8 [height_px, width_px], paper light, black outside of the outline.

    Returns:
        uint8 of the same shape. An image of black and white alone stays as it is: there ink
        that meets the black cannot be told from it.

    Example:
        >>> line = np.full((40, 200), 180, np.uint8)
        >>> line[:9], line[20:24, 50:90] = 0, 40
        >>> paper_outside(line)[[4, 22], 70].tolist()
        [180, 40]
    """
    if not ((grey > _MASK) & (grey < grey.max())).any():
        return grey
    framed = cv2.copyMakeBorder(grey, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=_MASK)
    height, width = framed.shape
    # OpenCV wants another pixel of margin.
    filled = np.zeros((height + 2, width + 2), np.uint8)
    cv2.floodFill(framed, filled, (0, 0), 0, 0, 0, 4 | cv2.FLOODFILL_MASK_ONLY | 1 << 8)
    outside = cv2.dilate(filled[1:-1, 1:-1], np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    if outside.all():
        return grey
    return np.where(outside, np.uint8(np.median(grey[~outside])), grey)
