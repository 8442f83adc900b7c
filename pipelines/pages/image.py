"""The image of a page: read, and decoded when it is wanted."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from model.images.decode import decode_image
from model.images.digest import digest_of_pixels, exact_key
from model.images.dpi import page_dpi
from model.images.pages import count_pages, decode_page
from pipelines.files.filesystem import BeamFiles, read_bytes
from pipelines.formats.names import is_paged, page_uri, split_page_uri
from schemas.records import Page


@dataclass(frozen=True, eq=False)
class PageImage:
    """A page image that was read, to be decoded if it is wanted.

    Attributes:
        sha256: Digest of the file in hex; of the pixels where the page is one of several in
            it, so that two such pages are not taken for one image.
        decode: Gives uint8 [height, width], or raises a ValueError.
        dpi: Given the width in pixels, gives the resolution that the file states, or None.
    """

    sha256: str
    decode: Callable[[], np.ndarray]
    dpi: Callable[[int], float | None]


def read_image(page: Page) -> PageImage:
    """Read a page image.

    Args:
        page: A page whose image is a file or a page of one, or comes with it.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is a page of several that does not decode, or one of several pages
            and none is named.
    """
    file_uri, number = split_page_uri(page.uri)
    if number is not None and not page.image:
        # The file is read where the page lies, not whole: it may have hundreds.
        with BeamFiles().open(file_uri) as file:
            grey = decode_page(file, number)
        return PageImage(digest_of_pixels(grey), lambda: grey, partial(_dpi, file_uri, number))
    data = page.image or read_bytes(page.uri)
    file = io.BytesIO(data)
    decode = partial(decode_image, data)
    # What comes from the web may be of any kind, whatever it is called.
    if page.image or is_paged(page.uri):
        page_count = count_pages(file)
        if page_count > 1:
            raise ValueError(_which_of_several(page, page_count))
        decode = partial(decode_page, file, 1)
    return PageImage(exact_key(data), decode, lambda width_px: page_dpi(file, None, width_px))


def _which_of_several(page: Page, page_count: int) -> str:
    if page.image:
        return (
            f"image is a PDF or TIFF of {page_count} pages; download it and give the file, or "
            "give an image for each page"
        )
    return f"file has {page_count} pages; name one of them, as in {page_uri(page.uri, 1)}"


def _dpi(file_uri: str, number: int, width_px: int) -> float | None:
    with BeamFiles().open(file_uri) as file:
        return page_dpi(file, number, width_px)


def open_page(page: Page) -> tuple[np.ndarray, str]:
    """Read and decode a page image.

    Args:
        page: As for `read_image`.

    Returns:
        uint8 [height, width], and its SHA-256.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it does not decode, or is a file of several pages and none is named.
    """
    image = read_image(page)
    return image.decode(), image.sha256
