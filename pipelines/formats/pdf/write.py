"""Write searchable PDF: the image of a page with invisible text along the baselines."""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from model.geometry.polylines import arc_lengths, column_bounds, resample
from model.text.bidi import ink_order, ink_places
from pipelines.formats.boxes import box_of
from pipelines.formats.page_text import PageText
from pipelines.formats.pdf.font import (
    ADVANCE,
    DESCENT,
    MOST_CHARACTERS,
    UNITS_PER_EM,
    glyph_indices,
    truetype_font,
    unicode_map,
)
from pipelines.formats.words import words_of
from schemas.records import Line, Transcript

# The usual resolution in archives, for images that state none, or one that no scanner has.
_USUAL_DPI = 300.0
_DPI_RANGE = (50.0, 2400.0)
_POINTS_PER_INCH = 72
# Widest character, as a share of the line's height. PDFium joins two lines that are closer than
# half a character.
_WIDEST = 1.0
# Longest side of a page that viewers must support (PDF 32000-1, annex C).
_LONGEST_SIDE_POINTS = 14_400


@dataclass(frozen=True)
class _Place:
    """Position of a word in pixels, y downwards: start, angle, length and height."""

    x: float
    y: float
    radians: float
    length: float
    height: float


def write_pdf(page: PageText, picture: bytes) -> bytes:
    """Write a page as a searchable PDF.

    Each word covers its share of the line's baseline, at the height of the line, in text
    rendering mode 3: it can be found, selected and copied, but is invisible. Right-to-left text
    is stored as its ink lies, from which programs restore the order in which it is read.

    Args:
        page: A normalised page.
        picture: Its image, as JPEG.

    Returns:
        The file. Its only page has the size of the original if the image states its
        resolution, else the size at 300 dpi.

    Raises:
        ValueError: If PDFium does not accept the image, or the page has more than 65,535
            different characters.
    """
    longest_px = max(page.width_px, page.height_px)
    dpi = page.dpi if _DPI_RANGE[0] <= page.dpi <= _DPI_RANGE[1] else _USUAL_DPI
    scale = min(_POINTS_PER_INCH / dpi, _LONGEST_SIDE_POINTS / longest_px)
    width, height = page.width_px * scale, page.height_px * scale
    with closing(pdfium.PdfDocument.new()) as document:
        sheet = document.new_page(width, height)
        image = pdfium.PdfImage.new(document)
        image.load_jpeg(io.BytesIO(picture), inline=True)
        if image.get_px_size() != (page.width_px, page.height_px):
            raise ValueError("PDFium does not accept the image; save it again")
        image.set_matrix(pdfium.PdfMatrix().scale(width, height))
        sheet.insert_obj(image)
        _insert_lines(document, sheet, page, scale)
        sheet.gen_content()
        file = io.BytesIO()
        document.save(file)
    return file.getvalue()


def _insert_lines(
    document: pdfium.PdfDocument, sheet: pdfium.PdfPage, page: PageText, scale: float
) -> None:
    characters = sorted({character for line in page.lines for character in line.text})
    if not characters:
        return
    if len(characters) > MOST_CHARACTERS:
        raise ValueError(
            f"page has {len(characters)} different characters, too many for PDF; leave out pdf"
        )
    # For the spaces between words, which PDF does not represent otherwise.
    characters = sorted({*characters, " "})
    codes = {character: code for code, character in enumerate(characters, 1)}
    to_page = pdfium.PdfMatrix().scale(scale, -scale).translate(0, page.height_px * scale)
    with _loaded_font(document, characters) as font:
        for line in page.lines:
            for text, place in _placed_words(line):
                _insert_word(document, sheet, font, [codes[c] for c in text], place, to_page)


@contextmanager
def _loaded_font(document: pdfium.PdfDocument, characters: list[str]) -> Iterator:
    data, indices = truetype_font(len(characters)), glyph_indices(len(characters))
    font = raw.FPDFText_LoadCidType2Font(
        document,
        (ctypes.c_ubyte * len(data)).from_buffer_copy(data),
        len(data),
        unicode_map(characters),
        (ctypes.c_ubyte * len(indices)).from_buffer_copy(indices),
        len(indices),
    )
    if not font:
        raise ValueError("PDFium did not accept the font of the text")
    try:
        yield font
    finally:
        raw.FPDFFont_Close(font)


def _insert_word(document, sheet, font, codes: list[int], place: _Place, to_page) -> None:
    text = raw.FPDFPageObj_CreateTextObj(document, font, 1)
    raw.FPDFText_SetCharcodes(text, (ctypes.c_uint32 * len(codes))(*codes), len(codes))
    raw.FPDFTextObj_SetTextRenderMode(text, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    advance_px = min(place.length / len(codes), _WIDEST * place.height)
    across = advance_px * UNITS_PER_EM / ADVANCE
    # The y axis of the image points down, that of the font up.
    matrix = pdfium.PdfMatrix().scale(across, -place.height)
    matrix = matrix.rotate(place.radians, ccw=True, rad=True)
    matrix = matrix.translate(place.x, place.y).multiply(to_page)
    raw.FPDFPageObj_SetMatrix(text, matrix.to_raw())
    raw.FPDFPage_InsertObject(sheet, text)


def _placed_words(transcript: Transcript) -> Iterator[tuple[str, _Place]]:
    """Place the words of a line, each followed by a space that fills the gap.

    The space after the last word separates the line from the next: PDFium would join two
    letters that are alone on their lines.
    """
    line = transcript.line
    height = _height(line)
    baseline = _baseline(line, height)
    total = arc_lengths(baseline)[-1]
    words = words_of(transcript)
    if ink_places(transcript.text, line.direction) is not None:
        if baseline[-1][0] < baseline[0][0]:
            baseline = baseline[::-1]
            words = [replace(word, start=1 - word.end, end=1 - word.start) for word in words]
        words = [replace(word, text=ink_order(word.text, line.direction)) for word in words]
        words.sort(key=lambda word: word.start)
    for word, after in zip(words, [*words[1:], None]):
        end = after.start if after else word.end
        (x, y), (x_end, y_end) = resample(baseline, np.array([word.start, end]) * total)
        length = math.hypot(x_end - x, y_end - y)
        if length > 0:
            radians = math.atan2(y_end - y, x_end - x)
            # The last space lies beyond the end of the line.
            length *= 1 if after else 1 + 1 / len(word.text)
            yield f"{word.text} ", _Place(x, y, radians, length, height)


def _height(line: Line) -> float:
    """Return the height of a line, the median along its middle; at least one pixel."""
    left, top, right, bottom = box_of(line.polygon)
    outline = np.array(line.polygon, float)
    if line.baseline:
        (x, y), (x_end, y_end) = line.baseline[0], line.baseline[-1]
        if abs(y_end - y) > abs(x_end - x):
            left, top, right, bottom = top, left, bottom, right
            outline = outline[:, ::-1]
    near, far = column_bounds(outline, np.linspace(left, right, 7)[1:-1])
    across = np.nanmedian(far - near) if not np.isnan(far - near).all() else bottom - top
    return max(1.0, float(across))


def _baseline(line: Line, height: float) -> np.ndarray:
    if line.baseline:
        return np.array(line.baseline, float)
    left, _, right, bottom = box_of(line.polygon)
    y = bottom + height * DESCENT / UNITS_PER_EM
    return np.array([(left, y), (right, y)])
