"""The resolution at which a page was scanned, as stated by its file."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from PIL import ExifTags, Image

from model.images.page_frames import page_frames
from model.images.pdf import is_pdf, pdf_page_dpi

_CM_PER_INCH = 2.54
_INCH, _CENTIMETRE = 2, 3
# Values outside are mistakes, or placeholders for an unknown resolution.
_LEAST_DPI, _MOST_DPI = 20, 20_000


def page_dpi(file: BinaryIO, number: int | None = None, width_px: int = 0) -> float | None:
    """Read the resolution of a page from its file, without decoding it.

    If the axes differ, this is the lower resolution. Programs that do not know the resolution
    often write 72 or 96.

    Args:
        file: A PDF, a TIFF or an image of one page, open and seekable.
        number: The page, from 1; None for the only one.
        width_px: Width of the page as decoded. A PDF states the size of its pages, but
            not their resolution.

    Returns:
        Dots per inch; None if the file states none, or an implausible value.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> Image.new("L", (8, 8)).save(file, "PNG", dpi=(300, 300))
        >>> page_dpi(file)
        300.0
    """
    from_pdf = is_pdf(file)
    dpi = None
    # The page itself was decoded before: an invalid header costs only its resolution, and
    # Pillow fails on invalid headers in many ways.
    with suppress(Exception):
        if from_pdf:
            dpi = pdf_page_dpi(file, number or 1, width_px)
        else:
            dpi = _dpi_of_image(file, number or 1)
    is_plausible = dpi is not None and _LEAST_DPI <= dpi <= _MOST_DPI
    return round(float(dpi), 1) if is_plausible else None


def _dpi_of_image(file: BinaryIO, number: int) -> float | None:
    frame = list(islice(page_frames(file), number))[number - 1]
    file.seek(0)
    with Image.open(file) as image:
        if frame:
            image.seek(frame)
        exif = image.getexif()
        stated = [exif.get(ExifTags.Base.XResolution), exif.get(ExifTags.Base.YResolution)]
        if stated[0]:
            unit = exif.get(ExifTags.Base.ResolutionUnit, _INCH)
            factors = {_INCH: 1.0, _CENTIMETRE: _CM_PER_INCH}
            # Without a unit the values are only an aspect ratio (TIFF 6.0, section 8).
            known = [float(value) for value in stated if value]
            return min(known) * factors[unit] if unit in factors else None
        # Pillow makes up a resolution for a JPEG without one in its EXIF.
        is_made_up = image.format == "JPEG" and image.info.get("jfif_unit", 0) not in (1, 2)
        return None if is_made_up else min(image.info.get("dpi", (None,)), default=None)
