"""The picture of a page, for formats that embed it."""

from __future__ import annotations

import io
from collections.abc import Callable, Container
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image

from model.images.colour import colours_of, jpeg_of, stored_orientation
from model.images.pdf import is_pdf
from pipelines.files.filesystem import BeamFiles
from pipelines.formats.addresses import is_address
from pipelines.formats.names import split_extension, split_page_uri
from pipelines.formats.page_text import UPRIGHT, PageText
from pipelines.formats.pdf.picture import Picture, picture_of_jpeg, picture_of_pixels
from pipelines.formats.pdf.taken_page import NotTaken, TakenPage, take_page
from pipelines.pages.image import PageImage, open_again

_T = TypeVar("_T")


# Files that are copied as they are, by their endings.
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}


def read_image_file(page: PageText, endings: Container[str]) -> tuple[bytes, str]:
    """Return the image of a page as a file of its own.

    Args:
        page: The page, as shown.
        endings: Some of `MEDIA_TYPES`: files that may be copied.

    Returns:
        The file and its ending. It is the original if that holds one page that needs no turning,
        else a JPEG, or a PNG in black and white.

    Raises:
        OSError: If the image cannot be read.
        ValueError: As of `read_picture`.
    """
    image = _unchanged_image(page)
    ending = split_extension(split_page_uri(page.uri)[0])[1]
    if image.data and image.is_alone and image.frame.orientation == UPRIGHT and ending in endings:
        return image.data, ending
    picture = _picture(page, image)
    if picture.mode != "1" and picture.orientation == UPRIGHT:
        return picture.data, ".jpg"
    pixels: np.ndarray | None = _of_file(page, image.data, colours_of)
    if picture.mode != "1" and pixels is not None and pixels.shape[:2] == image.grey.shape:
        picture = picture_of_pixels(pixels)
        return picture.data, ".jpg"
    file = io.BytesIO()
    Image.fromarray(image.grey).save(file, "PNG")
    return file.getvalue(), ".png"


def read_picture(
    page: PageText, tell: Callable[[str], None] = lambda _: None
) -> Picture | TakenPage:
    """Read the picture of a page.

    A page of a PDF is taken over as it is, if that is possible. A JPEG is embedded as it is, also
    one that is to be turned, and the one that a page of a PDF consists of. Other images keep their
    colours, black and white stays black and white.

    Args:
        page: The page, as shown.
        tell: Is told why a page of a PDF becomes a picture.

    Returns:
        A picture of the page's width and height.

    Raises:
        OSError: If the image cannot be read.
        ValueError: If it does not decode, or is not the image that was transcribed.
    """
    image = _unchanged_image(page)
    size = page.width_px, page.height_px

    def take(file: BinaryIO, number: int) -> TakenPage | None:
        return take_page(file, number, size) if is_pdf(file) else None

    try:
        taken = None if image.frame.warnings else _of_file(page, image.data, take)
    except NotTaken as error:
        taken = None
        tell(str(error))
    return _picture(page, image) if taken is None else taken


def _unchanged_image(page: PageText) -> PageImage:
    image = open_again(page.uri, page.address)
    if image.sha256 != page.sha256:
        raise ValueError("image was changed after it was transcribed; transcribe it again")
    size = page.width_px, page.height_px
    if image.grey.shape[::-1] != size:
        raise ValueError(f"image is no longer {size[0]} x {size[1]} px; transcribe it again")
    return image


def _picture(page: PageText, image: PageImage) -> Picture:
    size = page.width_px, page.height_px
    if image.frame.warnings:
        return picture_of_pixels(image.grey)
    jpeg = _of_file(page, image.data, jpeg_of)
    if jpeg is not None and (picture := picture_of_jpeg(*jpeg)).shown_px == size:
        return picture
    pixels: np.ndarray | None = _of_file(page, image.data, colours_of)
    has_size = pixels is not None and pixels.shape[1::-1] == size
    return picture_of_pixels(pixels if has_size else image.grey)


def read_orientation(page: PageText, fetches: bool = False) -> int:
    """Return the EXIF orientation of the image of a page, 1 to 8.

    Args:
        page: The page.
        fetches: Whether to fetch an image on the web for it; else it counts as upright.

    Raises:
        OSError: If the image cannot be read.
        ValueError: If it does not decode.
    """
    if is_address(page.address or page.uri):
        data = open_again(page.uri, page.address).data if fetches else b""
        return _of_file(page, data, stored_orientation) if data else page.orientation
    return _of_file(page, b"", stored_orientation)


def _of_file(page: PageText, data: bytes, read: Callable[[BinaryIO, int], _T]) -> _T:
    file_uri, number = split_page_uri(page.uri)
    if data:
        return read(io.BytesIO(data), number or 1)
    with BeamFiles().open(split_page_uri(page.address or file_uri)[0]) as file:
        return read(file, number or 1)
