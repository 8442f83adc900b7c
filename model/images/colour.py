"""The picture of a page in its colours, or what of a file can be used for it as it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import BinaryIO

import cv2
import numpy as np
import pypdfium2 as pdfium
from PIL import Image

from model.images.frame import check_page_number, decoding, orientation_of, upright
from model.images.jpeg_end import is_unended
from model.images.page_frames import page_frames
from model.images.pdf import decode_pdf_page_in_colour, is_pdf, open_pdf
from model.images.pdf_layout import page_layout
from model.images.tiff_tags import is_tiff

# Modes of Pillow that hold colours, and those of one byte in which a JPEG can be embedded.
_COLOUR_MODES = ("RGB", "RGBA", "RGBX", "P", "PA", "CMYK", "YCbCr", "HSV")
_JPEG_MODES = ("L", "RGB")
_JPEG_FORMATS = ("JPEG", "MPO")
# EXIF orientation of pixels that a PDF turns by so many degrees to the right.
_TURNED = {0: 1, 90: 6, 180: 3, 270: 8}
_JPEG_FILTERS = ["DCTDecode"]
# A JPEG of a PDF page is the page if it differs from it by no more, as PDF may map its values.
_LARGEST_MEAN_DIFFERENCE = 4.0
_THUMBNAIL_PX = (200, 200)
# Value of Cr and Cb of grey, and how far a grey pixel may be from it, as JPEG rounds.
_NEUTRAL, _MOST_GREY = 128, 4


def colours_of(file: BinaryIO, number: int) -> np.ndarray | None:
    """Decode a page in its colours, turned as its EXIF orientation states.

    Args:
        file: A PDF, a TIFF or an image of one page, open and seekable.
        number: The page, from 1.

    Returns:
        RGB, uint8 [height_px, width_px, 3], on white paper; None if it holds no colours, or in a
        way that is not read.

    Raises:
        ValueError: If there is no such page, or it does not decode.
    """
    if is_pdf(file):
        return decode_pdf_page_in_colour(file, number)
    return _with_image(file, number, _rgb)


def tint_of(file: BinaryIO, number: int) -> np.ndarray | None:
    """Decode the colours of a page without its light, which the grey page has.

    Args:
        file: As of `colours_of`.
        number: The page, from 1.

    Returns:
        Cr and Cb of YCrCb (ITU-R BT.601), uint8 [2, height_px / 2, width_px / 2] rounded up; None
        for a page without colours, as of `colours_of` or of nothing but grey.

    Raises:
        ValueError: If there is no such page, or it does not decode.
    """
    colours = colours_of(file, number)
    if colours is None:
        return None
    height_px, width_px = colours.shape[:2]
    half = (width_px + 1) // 2, (height_px + 1) // 2
    reduced = cv2.resize(colours, half, interpolation=cv2.INTER_AREA)
    tint = cv2.cvtColor(reduced, cv2.COLOR_RGB2YCrCb)[..., 1:].transpose(2, 0, 1)
    is_grey = np.abs(tint.astype(np.int16) - _NEUTRAL).max() <= _MOST_GREY
    return None if is_grey else np.ascontiguousarray(tint)


def jpeg_of(file: BinaryIO, number: int) -> tuple[bytes, int] | None:
    """Return the JPEG that a page consists of, and how it is to be turned.

    Args:
        file: A PDF, a TIFF or an image of one page, open and seekable.
        number: The page, from 1.

    Returns:
        A whole grey or RGB JPEG and its EXIF orientation; None if there is none.

    Raises:
        ValueError: If there is no such page, or it does not decode.
    """
    if is_pdf(file):
        return _jpeg_of_pdf(file, number)

    def whole(image: Image.Image) -> tuple[bytes, int] | None:
        if image.format not in _JPEG_FORMATS or image.mode not in _JPEG_MODES:
            return None
        if is_unended(file):
            return None
        file.seek(0)
        return file.read(), orientation_of(image)

    return _with_image(file, number, whole)


def stored_orientation(file: BinaryIO, number: int) -> int:
    """Return the EXIF orientation of a page, 1 to 8, without decoding it.

    Raises:
        ValueError: If there is no such page, or it is not an image.
    """
    return 1 if is_pdf(file) else _with_image(file, number, orientation_of)


def _with_image(file: BinaryIO, number: int, use: Callable[[Image.Image], object]):
    frames = list(islice(page_frames(file), number)) if is_tiff(file) else [0]
    check_page_number(number, len(frames))
    file.seek(0)
    with decoding(), Image.open(file) as image:
        if frames[-1]:
            image.seek(frames[-1])
        return use(image)


def _rgb(image: Image.Image) -> np.ndarray | None:
    if image.mode not in _COLOUR_MODES:
        return None
    image.load()
    turned = upright(image)
    if image.mode in ("RGBA", "PA") or "transparency" in image.info:
        paper = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(paper, turned.convert("RGBA"))
    return np.array(turned.convert("RGB"))


def _jpeg_of_pdf(file: BinaryIO, number: int) -> tuple[bytes, int] | None:
    with open_pdf(file) as document:
        check_page_number(number, len(document))
        with closing(document[number - 1]) as page:
            scan = page_layout(page).scan
            if scan is None or scan.image.get_filters() != _JPEG_FILTERS:
                return None
            data = bytes(scan.image.get_data(decode_simple=False))
            rotation = page.get_rotation()
            pixels = _small(scan.image)
    try:
        with decoding(), Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if image.mode not in _JPEG_MODES:
                return None
            difference = np.abs(_thumbnail(image) - pixels).mean()
    except ValueError:
        return None
    return (data, _TURNED[rotation]) if difference <= _LARGEST_MEAN_DIFFERENCE else None


def _small(image: pdfium.PdfImage) -> np.ndarray:
    with closing(image.get_bitmap()) as bitmap:
        bitmap.warn_on_close = False
        return _thumbnail(bitmap.to_pil())


def _thumbnail(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize(_THUMBNAIL_PX, Image.Resampling.BOX), float)
