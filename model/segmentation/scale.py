"""The scale at which a page is searched for lines, and the page as the network sees it."""

from __future__ import annotations

import cv2
import numpy as np

from model.images.decode import even_background
from model.segmentation.page_ink import line_pitch_px, measure_ink, shrink

# The network works at this line pitch, from which it may be off by a factor of almost two.
WORK_PITCH_PX = 24.0
# The paper is evened out at this pitch, before the page gets its final size.
EVEN_PITCH_PX = 36.0
_MEASURED_EDGE_PX = 1400
# Ink at this percentile is full, unless there is hardly any.
_INK_PERCENTILE, _LEAST_INK = 99.0, 40.0


def estimate_pitch_px(grey: np.ndarray) -> float:
    """Estimate the line pitch of a page that stands upright or on its head.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        The pitch in pixels of `grey`; a thirtieth of the height where there is no ink.
    """
    work = shrink(grey, _MEASURED_EDGE_PX / max(grey.shape))
    ink = measure_ink(work)
    if not ink.any():
        return grey.shape[0] / 30
    return line_pitch_px(ink) * max(grey.shape) / max(work.shape)


def resize(image: np.ndarray, factor: float) -> np.ndarray:
    """Scale an image by a factor, as `resize_to` does.

    Example:
        >>> resize(np.zeros((20, 10), np.uint8), 0.5).shape
        (10, 5)
    """
    height_px, width_px = (max(1, round(length * factor)) for length in image.shape)
    return resize_to(image, width_px, height_px)


def resize_to(image: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Scale an image: by areas when it shrinks, else linearly."""
    shrinks = height_px < image.shape[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(
        np.ascontiguousarray(image), (width_px, height_px), interpolation=interpolation
    )


def to_ink(grey: np.ndarray) -> np.ndarray:
    """Even the paper out and stretch the ink.

    Args:
        grey: uint8 [height_px, width_px], at `EVEN_PITCH_PX` or less.

    Returns:
        uint8 of the same shape: paper 0, the page's dark strokes 255.
    """
    ink = 255 - even_background(grey)
    full = max(_LEAST_INK, float(np.percentile(ink, _INK_PERCENTILE)))
    return cv2.convertScaleAbs(ink, alpha=255 / full)
