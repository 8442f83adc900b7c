"""The picture of a page as a JPEG, for formats that embed it."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from model.images.frame import is_for_pillow
from pipelines.formats.page_text import PageText
from pipelines.pages.image import open_again

_QUALITY = 88
# EXIF orientation of an image that needs no rotation.
_UPRIGHT = 1


def read_picture(page: PageText) -> bytes:
    """Read the picture of a page.

    A JPEG that needs no rotation is returned unchanged. Other images keep their colours if they
    hold one page and have 8 bits per channel; everything else becomes grey.

    Args:
        page: The page.

    Returns:
        A JPEG of the page's width and height.

    Raises:
        OSError: If the image cannot be read.
        ValueError: If it does not decode, or is not the image that was transcribed.
    """
    image = open_again(page.uri, page.address)
    if image.sha256 != page.sha256:
        raise ValueError("image was changed after it was transcribed; transcribe it again")
    size = page.width_px, page.height_px
    if image.grey.shape[::-1] != size:
        raise ValueError(f"image is no longer {size[0]} x {size[1]} px; transcribe it again")
    return _in_colour(image.data, size) or _jpeg(image.grey)


def _in_colour(data: bytes, size: tuple[int, int]) -> bytes:
    """Return an image as a JPEG in its colours; empty where that is not possible, as for a PDF."""
    if not is_for_pillow(io.BytesIO(data)):
        return b""
    with suppress(UnidentifiedImageError), Image.open(io.BytesIO(data)) as image:
        is_upright = image.getexif().get(ExifTags.Base.Orientation, _UPRIGHT) == _UPRIGHT
        if not is_upright or image.size != size:
            return b""
        if image.format == "JPEG" and image.mode in ("L", "RGB"):
            return data
        if image.mode == "RGB":
            return _jpeg(np.asarray(image))
    return b""


def _jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
