"""Change the size of images."""

from __future__ import annotations

import cv2
import numpy as np


def shrink(image: np.ndarray, factor: float) -> np.ndarray:
    """Shrink an image; never enlarge it.

    Args:
        image: array [height_px, width_px], uint8 or float32.
        factor: New size over old size; from 1 on the image is returned unchanged.

    Returns:
        The image, at least one pixel high and wide.

    Example:
        >>> shrink(np.zeros((200, 100), np.uint8), 0.25).shape
        (50, 25)
    """
    if factor >= 1:
        return image
    height_px, width_px = image.shape
    size = max(1, round(width_px * factor)), max(1, round(height_px * factor))
    return cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)


def halve(grey: np.ndarray) -> np.ndarray:
    """Return an image at half the size: averaging 2 x 2 px is much faster than other factors.

    An odd last row or column is dropped, unless it is the only one.
    """
    height, width = (max(1, side // 2) for side in grey.shape)
    part = grey[: 2 * height, : 2 * width]
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)


def resize(image: np.ndarray, factor: float) -> np.ndarray:
    """Scale an image by a factor, as `resize_to` does.

    Example:
        >>> resize(np.zeros((20, 10), np.uint8), 0.5).shape
        (10, 5)
    """
    height_px, width_px = (max(1, round(length * factor)) for length in image.shape)
    return resize_to(image, width_px, height_px)


def resize_to(image: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Scale an image, averaging areas if it shrinks and interpolating linearly if it grows."""
    shrinks = height_px < image.shape[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(
        np.ascontiguousarray(image), (width_px, height_px), interpolation=interpolation
    )
