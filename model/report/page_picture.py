"""The picture of a page for a report: a JPEG of limited size, and its address."""

from __future__ import annotations

import base64

import cv2
import numpy as np

# In base64, as a report holds it, a picture of this size takes 300,000 bytes.
MOST_BYTES = 225_000
_MOST_SIDE_PX, _LEAST_SIDE_PX = 2000, 32
_QUALITIES = (75, 60, 45)
_SHRINK = 0.8


def page_jpeg(grey: np.ndarray, most_bytes: int = MOST_BYTES) -> bytes:
    """Return a page as a JPEG, scaled down until the file is small enough.

    Args:
        grey: uint8 [height_px, width_px].
        most_bytes: Largest size of the file; a picture of 32 px may exceed it.

    Returns:
        JPEG whose longer side is at most 2,000 px.

    Example:
        >>> noise = np.random.default_rng(1).integers(0, 256, (3000, 2000)).astype(np.uint8)
        >>> len(page_jpeg(noise, 100_000)) <= 100_000
        True
    """
    side_px = min(_MOST_SIDE_PX, max(grey.shape))
    while True:
        picture = _scaled(grey, side_px / max(grey.shape))
        for quality in _QUALITIES:
            data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(data) <= most_bytes:
                return data
        if side_px <= _LEAST_SIDE_PX:
            return data
        side_px *= _SHRINK


def jpeg_address(data: bytes) -> str:
    """Return a JPEG as a data URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def _scaled(grey: np.ndarray, scale: float) -> np.ndarray:
    if scale >= 1:
        return grey
    height_px, width_px = grey.shape
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
