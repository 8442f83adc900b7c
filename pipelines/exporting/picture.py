"""The picture of a page as a JPEG, for formats that embed it."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from pipelines.files.filesystem import read_bytes
from pipelines.formats.names import split_page_uri
from pipelines.formats.page_text import PageText
from pipelines.pages.fetched import page_again
from pipelines.pages.image import open_page

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
    read = page_again(page.uri, page.address)
    grey, sha256 = open_page(read)
    if sha256 != page.sha256:
        raise ValueError("image was changed after it was transcribed; transcribe it again")
    size = page.width_px, page.height_px
    if grey.shape[::-1] != size:
        raise ValueError(f"image is no longer {size[0]} x {size[1]} px; transcribe it again")
    is_single = split_page_uri(page.uri)[1] is None
    return (is_single and _in_colour(read.image or read_bytes(page.uri), size)) or _jpeg(grey)


def _in_colour(data: bytes, size: tuple[int, int]) -> bytes:
    """Return an image as a JPEG in its colours; empty where that is not possible, as for a PDF."""
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
