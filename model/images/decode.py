"""Decode page images to greyscale: in their EXIF orientation, with dark ink on light paper."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

import numpy as np

from model.images.frame import Frame, check_page_number, decode_frame
from model.images.negative import NEGATIVE, is_negative, turned_light
from model.images.page_frames import page_frames
from model.images.tiff_tags import is_tiff


def decode_image(data: bytes) -> np.ndarray:
    """Decode an image file to greyscale, in its EXIF orientation.

    Args:
        data: The bytes of a JPEG, PNG, TIFF, BMP, WebP, JPEG 2000, GIF or AVIF file, or of HEIC
            where pillow-heif is installed.

    Returns:
        uint8 [height_px, width_px], paper light, also that of a negative; the first page if the
        file has several.

    Raises:
        ValueError: If it is truncated, in another format, or larger than 400 megapixels.
    """
    return decode_page_frame(io.BytesIO(data), 1).grey


def decode_page_frame(file: BinaryIO, number: int) -> Frame:
    """Decode a page of an image file, with what was wrong with it.

    Args:
        file: A TIFF, or an image of one page, open and seekable.
        number: The page, from 1.

    Returns:
        The page, ink dark on light paper.

    Raises:
        ValueError: If there is no such page, or it does not decode or is too large.
    """
    if number == 1 and not is_tiff(file):
        return positive(decode_frame(file, 0))
    frames = list(islice(page_frames(file), number))
    check_page_number(number, len(frames))
    file.seek(0)
    return positive(decode_frame(file, frames[-1]))


def positive(frame: Frame) -> Frame:
    """Turn a negative, so that its ink is dark, and say so.

    Args:
        frame: An image.

    Returns:
        The image; the same one where its ink is dark.
    """
    if not is_negative(frame.grey):
        return frame
    return replace(frame, grey=turned_light(frame.grey), warnings=(*frame.warnings, NEGATIVE))
