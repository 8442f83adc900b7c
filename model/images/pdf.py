"""Pages of a PDF: the scan that a page consists of, or else the rendered page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

import cv2
import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from model.images.frame import check_page_number, check_size

POINTS_PER_INCH = 72

# PDF readers accept the header anywhere in the first bytes of a file, not only at its start.
_HEADER, _HEADER_BYTES = b"%PDF-", 1024
_TIFF_BYTE_ORDERS = (b"II", b"MM")
_RENDERED_DPI = 300
# Greatest distance of a scan from the edge of its page, as a share of the page's side.
_EDGE_TOLERANCE = 0.01
# Width at which a scan is compared with its page as rendered.
_THUMBNAIL_WIDTH_PX = 64
_LARGEST_MEAN_DIFFERENCE = 16.0
_CLOCKWISE = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_IMAGE, _TEXT = raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_TEXT

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

    A page that consists of one scan, with or without a hidden text layer, has the resolution
    of the scan; any other is rendered at 300 dpi.

    Args:
        file: The PDF, open and seekable.
        number: The page, from 1.

    Returns:
        uint8 [height_px, width_px], paper light.

    Raises:
        ValueError: If the PDF does not open, the page is not in it or cannot be read, or it
            or an image on it is larger than 400 megapixels.
    """
    with open_pdf(file) as document:
        check_page_number(number, len(document))
        try:
            with closing(document[number - 1]) as page:
                return _decode(page)
        except pdfium.PdfiumError as error:
            raise ValueError(f"page {number} cannot be read ({error}); export it anew") from None


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
        raise ValueError("PDF is broken or has no pages; export it anew") from None
    with closing(document):
        if not len(document):
            raise ValueError("PDF has no pages; export it anew")
        yield document


def _decode(page: pdfium.PdfPage) -> np.ndarray:
    scan = _find_scan(page)
    if scan is None:
        return _render(page, _RENDERED_DPI / POINTS_PER_INCH)
    grey = _extract(scan, page.get_rotation())
    if _looks_like(page, grey):
        return grey
    # Masks and transparency take effect only when the page is rendered.
    return _render(page, grey.shape[1] / page.get_width())


def _find_scan(page: pdfium.PdfPage) -> pdfium.PdfImage | None:
    """Find the image that is all that is visible on a page; check the size of every image."""
    images, is_alone = [], True
    for item in page.get_objects():
        if item.type == _IMAGE:
            check_size(*item.get_px_size())
            images.append(item)
        # The invisible text layer of a scan is its OCR.
        elif item.type != _TEXT or not _is_hidden(item):
            is_alone = False
    return images[0] if is_alone and len(images) == 1 and _covers(images[0], page) else None


def _is_hidden(text: pdfium.PdfObject) -> bool:
    return raw.FPDFTextObj_GetTextRenderMode(text) == raw.FPDF_TEXTRENDERMODE_INVISIBLE


def _covers(image: pdfium.PdfImage, page: pdfium.PdfPage) -> bool:
    """Return whether an image is upright and fills the page's crop box."""
    if image.level:
        return False
    matrix, bounds, box = image.get_matrix(), image.get_bounds(), page.get_cropbox()
    width, height = box[2] - box[0], box[3] - box[1]
    is_upright = matrix.a > 0 and matrix.d > 0
    is_upright = is_upright and abs(matrix.b) + abs(matrix.c) < 1e-3 * (matrix.a + matrix.d)
    sides = width, height, width, height
    return is_upright and all(
        abs(edge - of_page) <= _EDGE_TOLERANCE * side
        for edge, of_page, side in zip(bounds, box, sides)
    )


def _extract(image: pdfium.PdfImage, rotation: int) -> np.ndarray:
    with closing(image.get_bitmap()) as bitmap:
        # Its pixels are copied before it is closed.
        bitmap.warn_on_close = False
        pixels = bitmap.to_numpy()
        if bitmap.n_channels == 1:
            grey = pixels.copy()
        else:
            grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_BGR2GRAY)
    return cv2.rotate(grey, _CLOCKWISE[rotation]) if rotation else grey


def _looks_like(page: pdfium.PdfPage, grey: np.ndarray) -> bool:
    """Return whether an image looks like its page: extraction ignores masks and transparency."""
    rendered = _render(page, min(_THUMBNAIL_WIDTH_PX, grey.shape[1]) / page.get_width())
    size = rendered.shape[1], rendered.shape[0]
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return float(cv2.absdiff(small, rendered).mean()) <= _LARGEST_MEAN_DIFFERENCE


def _render(page: pdfium.PdfPage, px_per_point: float) -> np.ndarray:
    check_size(page.get_width() * px_per_point, page.get_height() * px_per_point)
    # PDFium rounds up: without this a page of 2480.0001 px would get another column.
    scale = px_per_point * (1 - 1e-5)
    with closing(page.render(scale=scale, grayscale=True, draw_annots=False)) as bitmap:
        bitmap.warn_on_close = False
        return bitmap.to_numpy().copy()
