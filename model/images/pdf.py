"""Pages of a PDF: the scan that a page consists of, or else the page as drawn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

import cv2
import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from model.images.frame import check_page_number, check_size, most_pixels
from model.images.pdf_layout import PageLayout, Scan, page_layout

POINTS_PER_INCH = 72

# PDF readers accept the header anywhere in the first bytes of a file, not only at its start.
_HEADER, _HEADER_BYTES = b"%PDF-", 1024
_TIFF_BYTE_ORDERS = (b"II", b"MM")
_RENDERED_DPI = 300
# Of pages that are too large for that: one pixel a point.
_LEAST_PX_PER_POINT = 1.0
_ROUNDING = 1 - 1e-5
# Width at which a scan is compared with its page as rendered.
_THUMBNAIL_WIDTH_PX = 64
_LARGEST_MEAN_DIFFERENCE = 16.0
_CLOCKWISE = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}

# PDFium is not safe to use from two threads at once, not even on two files.
_ONE_AT_A_TIME = threading.Lock()
# A page on which the decoder hangs blocks it for good.
_LONGEST_WAIT_S = 120.0


def is_pdf(file: BinaryIO) -> bool:
    """Return whether a file is a PDF, and rewind it.

    A TIFF is none, even if its first bytes happen to contain the header of a PDF.

    Args:
        file: The file, open and seekable.

    Example:
        >>> import io
        >>> [is_pdf(io.BytesIO(data)) for data in (b"%PDF-1.7", b"II* %PDF-1.7", b"")]
        [True, False, False]
    """
    file.seek(0)
    head = file.read(_HEADER_BYTES)
    file.seek(0)
    return _HEADER in head and not head.startswith(_TIFF_BYTE_ORDERS)


def count_pdf_pages(file: BinaryIO) -> int:
    """Return the number of pages of a PDF; only its index is read.

    Args:
        file: The PDF, open and seekable.

    Returns:
        The number that it states; at least one.

    Raises:
        ValueError: If it is encrypted, broken or empty.
    """
    with open_pdf(file) as document:
        return len(document)


def decode_pdf_page(file: BinaryIO, number: int) -> np.ndarray:
    """Decode a page of a PDF to greyscale, rotated by its /Rotate; only that page is read.

    A page that consists of one scan gives the pixels of the scan, whatever size the page claims;
    hidden text and small stamps of text beside or on the scan do not count. Any other page is
    drawn at 300 dpi; one with images that would get too large, at the resolution of its finest
    image and 72 dpi at least, or at the highest that is allowed.

    Args:
        file: The PDF, open and seekable.
        number: The page, from 1.

    Returns:
        uint8 [height_px, width_px], paper light.

    Raises:
        ValueError: If the PDF does not open, the page is not in it or cannot be read, or it
            or an image on it is larger than 400 megapixels.
    """
    return _decode_page(file, number, in_colour=False)


def decode_pdf_page_in_colour(file: BinaryIO, number: int) -> np.ndarray:
    """Decode a page of a PDF as `decode_pdf_page` does, but to RGB, uint8 [height, width, 3]."""
    return _decode_page(file, number, in_colour=True)


def _decode_page(file: BinaryIO, number: int, in_colour: bool) -> np.ndarray:
    with open_pdf(file) as document:
        check_page_number(number, len(document))
        try:
            with closing(document[number - 1]) as page:
                return _decode(page, in_colour)
        except pdfium.PdfiumError as error:
            raise ValueError(f"page {number} cannot be read ({error}); export it again") from None


@contextmanager
def open_pdf(file: BinaryIO) -> Iterator[pdfium.PdfDocument]:
    """Open a PDF that has pages; one at a time per process, as PDFium is not thread-safe.

    Args:
        file: The PDF, open and seekable.

    Yields:
        The document.

    Raises:
        ValueError: If it is encrypted or broken, or has no page.
        TimeoutError: If another PDF hangs.
    """
    if not _ONE_AT_A_TIME.acquire(timeout=_LONGEST_WAIT_S):
        raise TimeoutError(
            f"another PDF has been open for {_LONGEST_WAIT_S:.0f} s, and only one can be "
            "at a time; remove the one that takes too long and run again"
        )
    try:
        with _opened(file) as document:
            yield document
    finally:
        _ONE_AT_A_TIME.release()


@contextmanager
def _opened(file: BinaryIO) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise ValueError("PDF is encrypted; save it without a password") from None
        raise ValueError("PDF is broken or has no pages; export it again") from None
    with closing(document):
        if not len(document):
            raise ValueError("PDF has no pages; export it again")
        yield document


def pdf_page_dpi(file: BinaryIO, number: int, width_px: int) -> float:
    """Return the resolution of a page of a PDF, as `decode_pdf_page` decoded it.

    Args:
        file: The PDF, open and seekable.
        number: The page, from 1.
        width_px: Its width as decoded.

    Returns:
        Dots per inch.
    """
    with open_pdf(file) as document, closing(document[number - 1]) as page:
        layout = page_layout(page)
        width = page.get_width()
        if layout.scan is not None:
            left, bottom, right, top = layout.scan.bounds
            is_turned = page.get_rotation() in (90, 270)
            scan_px = layout.scan.image.get_px_size()[1 if is_turned else 0]
            # Else the page was drawn, not extracted.
            if scan_px == width_px:
                width = top - bottom if is_turned else right - left
        return width_px / width * POINTS_PER_INCH


def _decode(page: pdfium.PdfPage, in_colour: bool) -> np.ndarray:
    layout = page_layout(page)
    for image in layout.images:
        check_size(*image.get_px_size())
    if layout.scan is None:
        return _render(page, _px_per_point(page, layout), in_colour)
    pixels = _extract(layout.scan.image, page.get_rotation())
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    if _looks_like(page, layout.scan, grey):
        return _rgb(pixels) if in_colour else grey
    # Masks and transparency take effect only when the page is drawn.
    left, bottom, right, top = layout.scan.bounds
    width = top - bottom if page.get_rotation() in (90, 270) else right - left
    return _render(page, grey.shape[1] / width, in_colour)


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """Return grey pixels, or those in PDFium's order of colours, as RGB."""
    is_grey = pixels.ndim == 2
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB if is_grey else cv2.COLOR_BGR2RGB)


def _px_per_point(page: pdfium.PdfPage, layout: PageLayout) -> float:
    """Return the resolution at which a page is drawn: 300 dpi, or less where that is too much."""
    usual = _RENDERED_DPI / POINTS_PER_INCH
    area = page.get_width() * page.get_height()
    if not layout.finest_px_per_point or area * usual**2 <= most_pixels():
        return usual
    highest = (most_pixels() / area) ** 0.5 * _ROUNDING
    return min(usual, max(layout.finest_px_per_point, _LEAST_PX_PER_POINT), highest)


def _extract(image: pdfium.PdfImage, rotation: int) -> np.ndarray:
    """Return the pixels of an image, turned: grey, or three colours in PDFium's order."""
    with closing(image.get_bitmap()) as bitmap:
        # Its pixels are copied before it is closed.
        bitmap.warn_on_close = False
        pixels = bitmap.to_numpy()
        is_grey = bitmap.n_channels == 1
        pixels = pixels.copy() if is_grey else np.array(pixels[..., :3], order="C")
    return cv2.rotate(pixels, _CLOCKWISE[rotation]) if rotation else pixels


def _looks_like(page: pdfium.PdfPage, scan: Scan, grey: np.ndarray) -> bool:
    """Return whether an image looks like its place on the page, as masks may change it."""
    px_per_point = min(_THUMBNAIL_WIDTH_PX, grey.shape[1]) / page.get_width()
    rendered = _render(page, px_per_point)
    rows, columns = _place(page, scan, rendered.shape)
    rendered = rendered[rows, columns]
    if not rendered.size:
        return False
    size = rendered.shape[1], rendered.shape[0]
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return float(cv2.absdiff(small, rendered).mean()) <= _LARGEST_MEAN_DIFFERENCE


def _place(page: pdfium.PdfPage, scan: Scan, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return where a scan is on the drawn page, as rows and columns."""
    box, bounds = page.get_cropbox(), scan.bounds
    width, height = box[2] - box[0], box[3] - box[1]
    # Shares of the page, from the left and from the top.
    across = (bounds[0] - box[0]) / width, (bounds[2] - box[0]) / width
    down = (box[3] - bounds[3]) / height, (box[3] - bounds[1]) / height
    for _ in range(page.get_rotation() // 90):
        across, down = (1 - down[1], 1 - down[0]), across
    return _slice(down, shape[0]), _slice(across, shape[1])


def _slice(shares: tuple[float, float], length: int) -> slice:
    low, high = (round(min(max(share, 0.0), 1.0) * length) for share in shares)
    return slice(low, high)


def _render(page: pdfium.PdfPage, px_per_point: float, in_colour: bool = False) -> np.ndarray:
    check_size(page.get_width() * px_per_point, page.get_height() * px_per_point)
    # PDFium rounds up: without this a page of 2480.0001 px would get another column.
    scale = px_per_point * _ROUNDING
    with closing(page.render(scale=scale, grayscale=not in_colour, draw_annots=False)) as bitmap:
        bitmap.warn_on_close = False
        pixels = bitmap.to_numpy()
        return _rgb(np.array(pixels[..., :3], order="C")) if in_colour else pixels.copy()
