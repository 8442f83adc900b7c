"""PNG files with colours of 16 bits that hold fewer: Pillow keeps only the upper 8 bits."""

from __future__ import annotations

from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image

from model.images.depth import composed, to_bytes, white_level

_SIGNATURE = b"\x89PNG"
_DEPTH_AT, _DEEP = 24, 16
# The upper byte of 12 bits.
_MOST_OF_FEW = 15


def grey_of_few_bits(file: BinaryIO, image: Image.Image) -> np.ndarray | None:
    """Decode a PNG whose colours are stored with 16 bits and use up to 12 of them.

    Args:
        file: The PNG, open and seekable.
        image: What Pillow made of it, decoded.

    Returns:
        uint8 [height_px, width_px]; None for any other image.
    """
    bands = image.getbands()
    colours = 1 if bands[0] == "L" else 3
    if image.format != "PNG" or len(bands) == 1 or not _is_deep(file):
        return None
    if max(high for _, high in image.getextrema()[:colours]) > _MOST_OF_FEW:
        return None
    file.seek(0)
    samples = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None or samples.dtype != np.uint16 or samples.ndim != 3:
        return None
    blue_green_red = np.ascontiguousarray(samples[..., :3])
    grey = to_bytes(blue_green_red, white_level(blue_green_red))
    grey = cv2.cvtColor(grey, cv2.COLOR_BGR2GRAY)
    return composed(grey, samples[..., 3]) if samples.shape[2] == 4 else grey


def _is_deep(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(_DEPTH_AT + 1)
    return head.startswith(_SIGNATURE) and head[_DEPTH_AT] == _DEEP
