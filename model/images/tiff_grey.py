"""Samples of a TIFF to grey bytes: inks, colours, CIELab, opacity, and any depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
from PIL import Image

from model.images.depth import composed, to_bytes, white_level
from model.images.tiff_samples import (
    BLACK_IS_ZERO,
    CIELAB,
    CMYK,
    ICCLAB,
    RGB,
    WHITE_IS_ZERO,
    Layout,
    read_rows,
)

# L* of 100 in the 16 bits of ICCLab; in CIELab it is the greatest number.
_ICC_WHITE = 65280.0
_LAB_WHITE = 100.0


def decode_samples(file: BinaryIO, tags: Mapping[int, object], layout: Layout) -> np.ndarray:
    """Decode an image of a TIFF to greyscale, as stored, without its orientation.

    Args:
        file: The TIFF, open and seekable.
        tags: The directory of the image.
        layout: What `sample_layout` gave for it.

    Returns:
        uint8 [height_px, width_px].

    Raises:
        OSError: If the file is truncated or its compression cannot be read.
        ValueError: If it lacks a tag.
    """
    samples = np.concatenate(list(_wanted(read_rows(file, tags, layout), layout)))
    colours = samples[..., : layout.colours]
    if layout.photometric in (CIELAB, ICCLAB):
        grey = _grey_of_lightness(to_bytes(colours[..., 0], _white_of_lab(colours, layout)))
    else:
        grey = _grey_of(_colour_bytes(colours, layout), layout.photometric)
    if layout.alpha is None:
        return grey
    return composed(grey, samples[..., -1])


def grey_of_lab(image: Image.Image) -> np.ndarray:
    """Return the grey of Pillow's mode LAB: that of its lightness.

    Args:
        image: Decoded, of mode LAB.

    Returns:
        uint8 [height_px, width_px].
    """
    return _grey_of_lightness(np.asarray(image.getchannel(0)))


def _wanted(blocks: Iterator[np.ndarray], layout: Layout) -> Iterator[np.ndarray]:
    """Leave out samples that are neither colours nor opacity."""
    wanted = [*range(layout.colours), *([] if layout.alpha is None else [layout.alpha])]
    return (block[..., wanted] for block in blocks)


def _colour_bytes(colours: np.ndarray, layout: Layout) -> np.ndarray:
    white = white_level(colours, layout.stated_white)
    if layout.colours > 1 and colours.dtype == np.uint16 and white == 65535:
        # As Pillow has it.
        return (colours >> 8).astype(np.uint8)
    return to_bytes(colours, white)


def _grey_of(colours: np.ndarray, photometric: int) -> np.ndarray:
    if photometric == BLACK_IS_ZERO:
        return colours[..., 0]
    if photometric == WHITE_IS_ZERO:
        return 255 - colours[..., 0]
    mode = {RGB: "RGB", CMYK: "CMYK"}[photometric]
    size = colours.shape[1], colours.shape[0]
    image = Image.frombytes(mode, size, np.ascontiguousarray(colours).tobytes())
    return np.array(image.convert("L"))


def _white_of_lab(colours: np.ndarray, layout: Layout) -> float:
    if colours.dtype.kind == "f":
        return _LAB_WHITE if colours[..., 0].max(initial=0) > 1.5 else 1.0
    if layout.photometric == ICCLAB and layout.bits == 16:
        return _ICC_WHITE
    return float(2**layout.bits - 1)


def _grey_of_lightness(lightness: np.ndarray) -> np.ndarray:
    """Return the grey of sRGB that is as light, by CIE 1976 and IEC 61966-2-1."""
    l_star = np.arange(256) * (100 / 255)
    linear = np.where(l_star > 8, ((l_star + 16) / 116) ** 3, l_star / 903.3)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    grey = np.where(linear > 0.0031308, curved, 12.92 * linear)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)[lightness]
