"""The scale at which a page is searched for lines, and its conversion to network input."""

from __future__ import annotations

import cv2
import numpy as np

from model.images.background import even_background
from model.images.resize import shrink
from model.segmentation.page_ink import line_pitch_from_ink_px, measure_ink

# The network expects this line pitch, and tolerates a factor of almost two.
WORK_PITCH_PX = 24.0
# The background is normalised at this pitch, before the page is scaled to its final size.
EVEN_PITCH_PX = 36.0
_MEASURED_EDGE_PX = 1400
# Ink at this percentile is scaled to 255, unless it is fainter than the limit.
_INK_PERCENTILE, _LEAST_INK = 99.0, 40.0


def estimate_pitch_px(grey: np.ndarray) -> float:
    """Estimate the line pitch of a page that is upright or upside down.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        The pitch in pixels of `grey`; a thirtieth of the height if there is no ink.
    """
    work = shrink(grey, _MEASURED_EDGE_PX / max(grey.shape))
    ink = measure_ink(work)
    if not ink.any():
        return grey.shape[0] / 30
    return line_pitch_from_ink_px(ink) * max(grey.shape) / max(work.shape)


def to_ink(grey: np.ndarray) -> np.ndarray:
    """Normalise the background of a page and stretch the contrast of its ink.

    Args:
        grey: uint8 [height_px, width_px], at `EVEN_PITCH_PX` or less.

    Returns:
        uint8 of the same shape: paper 0, the page's dark strokes 255.
    """
    ink = 255 - even_background(grey)
    full = max(_LEAST_INK, float(np.percentile(ink, _INK_PERCENTILE)))
    return cv2.convertScaleAbs(ink, alpha=255 / full)
