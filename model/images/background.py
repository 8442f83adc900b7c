"""Background normalisation: the paper of a page becomes uniformly white."""

from __future__ import annotations

import cv2
import numpy as np

from model.images.resize import halve

# OpenCV's median filter is several times as fast on small images from 17 px on.
_MEDIAN_PX = 17
# Applied twice, a box filter approximates a Gaussian of 5 px in a fraction of its time.
_BLUR_PX = 13


def even_background(grey: np.ndarray) -> np.ndarray:
    """Divide an image by its background, so that paper is 255 everywhere.

    The background is estimated at a quarter of the scale: a morphological closing of 9 px
    removes the strokes, then follow a median filter and a blur.

    Args:
        grey: uint8 [height_px, width_px], paper light.

    Returns:
        uint8 of the same shape, paper 255, ink towards 0.
    """
    height, width = grey.shape
    small = halve(halve(grey))
    small = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    small = cv2.medianBlur(small, _MEDIAN_PX)
    for _ in range(2):
        small = cv2.blur(small, (_BLUR_PX, _BLUR_PX))
    background = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(grey, cv2.max(background, 1), scale=255)
