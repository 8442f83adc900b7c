"""Multi-page files: count the pages, decode one of them."""

from __future__ import annotations

from itertools import islice
from typing import BinaryIO

import numpy as np

from model.images.decode import decode_page_frame, positive
from model.images.frame import Frame
from model.images.page_frames import page_frames
from model.images.pdf import count_pdf_pages, decode_pdf_page, is_pdf

MOST_PAGES = 10_000


def count_pages(file: BinaryIO) -> int:
    """Count the pages of a PDF or TIFF without decoding any.

    Args:
        file: The file, open and seekable.

    Returns:
        Number of pages; 1 for an image of another format.

    Raises:
        ValueError: If the file is neither, is broken or encrypted, or has more than 10,000 pages.
    """
    if is_pdf(file):
        count = count_pdf_pages(file)
    else:
        count = sum(1 for _ in islice(page_frames(file), MOST_PAGES + 1))
    if count > MOST_PAGES:
        raise ValueError(f"file claims to have more than {MOST_PAGES} pages; split it")
    return count


def decode_page(file: BinaryIO, number: int) -> np.ndarray:
    """Decode a page to greyscale; of the other pages only the index is read.

    Args:
        file: A PDF, a TIFF or an image of one page, open and seekable.
        number: The page, from 1.

    Returns:
        uint8 [height_px, width_px], paper light, also that of a negative.

    Raises:
        ValueError: If the page is not in the file, does not decode or is larger than 400
            megapixels, or the whole file cannot be read.
    """
    return open_page(file, number).grey


def open_page(file: BinaryIO, number: int) -> Frame:
    """Decode a page as `decode_page` does, and tell how it was stored and what was wrong with it.

    Args:
        file: A PDF, a TIFF or an image of one page, open and seekable.
        number: The page, from 1.

    Returns:
        The page.

    Raises:
        ValueError: As of `decode_page`.
    """
    if is_pdf(file):
        return positive(Frame(decode_pdf_page(file, number)))
    return decode_page_frame(file, number)
