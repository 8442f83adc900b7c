"""Take a page of a PDF over as it is, its lines and images, into another PDF."""

from __future__ import annotations

import ctypes
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

import pypdfium2 as pdfium
from pypdfium2 import raw

from model.images.frame import check_page_number
from model.images.pdf import open_pdf
from model.images.pdf_layout import page_layout
from pipelines.formats.pdf.objects import PdfObjects, numbers_text
from pipelines.formats.pdf.plain_file import (
    PdfObject,
    entries_of,
    plain_objects,
    references,
    renumbered,
)

Box = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]

# What PDF/A-2 forbids, or an sRGB output intent does not cover.
_FORBIDDEN = re.compile(
    rb"/(LZWDecode|DeviceCMYK|DeviceN|Separation|Alternates|OPI|OC|OCG|PS|Ref|TR|TR2|HT|Crypt|JS)\b"
)
_FORBIDDEN_OPERATORS = re.compile(
    rb"(?:[-+.\d]+\s+){4}[kK](?!\S)|/(OC|LZW|LZWDecode|CMYK|DeviceCMYK)\b"
)
# In hexadecimal, as a name may hide it.
_ESCAPED_NAME = re.compile(rb"/[^\s()<>\[\]{}/%]*#")
_METADATA = re.compile(rb"/Metadata \d+ 0 R ?")
_INTERPOLATE = re.compile(rb"/Interpolate true\b")
_FLATE = b"/FlateDecode"
_MOST_CONTENT_BYTES = 64 << 20
_MOST_FILE_BYTES = 512 << 20
_SAFE_TYPES = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_FORM)
_NO_REVISION = -1
_LONGEST_SIDE_POINTS = 14_400


class NotTaken(ValueError):
    """A page that cannot be taken over as it is; says why, to be continued by a count."""


@dataclass(frozen=True)
class TakenPage:
    """A page of a PDF, to be drawn in another one.

    Attributes:
        shown_px: Width and height of the page as it was read, in pixels.
        size: Width and height as shown, in points.
        matrix: From its coordinates to the shown page, in points from the lower left.
        frame: Where the pixels that were read lie on the shown page, in points: left, bottom,
            right and top.
        box: What is shown of it, in its coordinates.
        page: Its dictionary.
        objects: The objects that it refers to, by their numbers.
    """

    shown_px: tuple[int, int]
    size: tuple[float, float]
    matrix: Matrix
    frame: Box
    box: Box
    page: bytes
    objects: dict[int, PdfObject]

    def add_to(self, objects: PdfObjects) -> int:
        """Write the page as a form; return the number of the object."""
        entries, content = self._content()
        page = entries_of(self.page)
        parts = [page.get(b"/Resources", b"<<>>"), page.get(b"/Group", b"")]
        numbers: dict[int, int] = {}
        todo = [number for part in (*parts, entries) for number in references(part)]
        while todo:
            number = todo.pop()
            if number not in numbers:
                numbers[number] = objects.reserve()
                todo += references(self.objects[number].value)
        for old, new in numbers.items():
            _add(objects, self.objects[old], numbers, new)
        group = b"/Group" + parts[1] if parts[1] else b""
        form = b"/Type/XObject/Subtype/Form/BBox[%b]/Resources %b%b" % (
            numbers_text(*self.box),
            parts[0],
            group,
        )
        is_packed = bool(entries)
        return objects.add_stream(renumbered(form + entries, numbers), content, is_packed=is_packed)

    def placed(self, width: float, height: float) -> bytes:
        """Return the operators that draw the form, named /I, over a page.

        Args:
            width: Width of the page in points.
            height: Height of the page in points.
        """
        return b"q %b cm /I Do Q\n" % numbers_text(*self.matrix)

    def _content(self) -> tuple[bytes, bytes]:
        """Return the entries of the stream of operators, empty for none, and its data."""
        streams = [self.objects[number] for number in _content_numbers(self.page, self.objects)]
        if len(streams) == 1:
            entries = entries_of(streams[0].value)
            kept = (name for name in entries if name in (b"/Filter", b"/DecodeParms"))
            return b"".join(b"%b %b" % (name, entries[name]) for name in kept), streams[0].stream
        # Operators may not run over the end of a stream.
        return b"", b"\n".join(map(_decoded, streams))


def take_page(file: BinaryIO, number: int, shown_px: tuple[int, int]) -> TakenPage:
    """Take a page over, if the PDF that it goes into stays a PDF/A-2u with one text.

    Args:
        file: The PDF, open and seekable.
        number: The page, from 1.
        shown_px: Width and height of the page as `decode_pdf_page` decoded it.

    Raises:
        NotTaken: If it is encrypted, signed or damaged, has text of its own, or what PDF/A
            forbids.
        ValueError: If the PDF does not open, or has no such page.
    """
    with open_pdf(file) as document:
        check_page_number(number, len(document))
        _check_document(document)
        with closing(document[number - 1]) as page:
            for item in page.get_objects():
                _check_object(item)
            rotation = page.get_rotation()
            box = _visible(page)
            frame = _frame(page, box, shown_px)
        data = _saved(document, number)
    try:
        objects, root = plain_objects(data)
        tree = objects[next(references(entries_of(objects[root].value)[b"/Pages"]))]
        page = objects[next(references(entries_of(tree.value)[b"/Kids"]))].value
        unit = float(entries_of(page).get(b"/UserUnit", b"1"))
        _check_conformity(page, objects)
    except (KeyError, StopIteration, zlib.error) as error:
        raise NotTaken("damaged") from error
    left, bottom, right, top = box
    longest = max(right - left, top - bottom) * unit
    if not longest > 0:
        raise NotTaken("damaged")
    scale = unit * min(1.0, _LONGEST_SIDE_POINTS / longest)
    matrix = _to_shown(box, rotation, scale)
    corners = [_moved(matrix, x, y) for x, y in (frame[:2], frame[2:])]
    (x0, x1), (y0, y1) = (sorted(values) for values in zip(*corners))
    size = (right - left) * scale, (top - bottom) * scale
    return TakenPage(
        shown_px,
        size[::-1] if rotation in (90, 270) else size,
        matrix,
        (x0, y0, x1, y1),
        box,
        page,
        {n: _conforming(one) for n, one in objects.items()},
    )


def _check_document(document: pdfium.PdfDocument) -> None:
    if raw.FPDF_GetSecurityHandlerRevision(document) != _NO_REVISION:
        raise NotTaken("encrypted")
    if raw.FPDF_GetSignatureCount(document) > 0:
        raise NotTaken("signed")


def _check_object(item: pdfium.PdfObject) -> None:
    if item.type == raw.FPDF_PAGEOBJ_TEXT:
        raise NotTaken("with text of its own")
    if item.type not in _SAFE_TYPES:
        raise NotTaken("with what PDF/A forbids")


def _visible(page: pdfium.PdfPage) -> Box:
    box = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page, ctypes.byref(box)):
        raise NotTaken("damaged")
    return box.left, box.bottom, box.right, box.top


def _frame(page: pdfium.PdfPage, box: Box, shown_px: tuple[int, int]) -> Box:
    """Return where the pixels that were read lie: the scan that was extracted, or the page."""
    scan = page_layout(page).scan
    if scan is None:
        return box
    size = scan.image.get_px_size()
    is_turned = page.get_rotation() in (90, 270)
    return scan.bounds if (size[::-1] if is_turned else size) == shown_px else box


def _saved(document: pdfium.PdfDocument, number: int) -> bytes:
    with closing(pdfium.PdfDocument.new()) as alone:
        try:
            alone.import_pages(document, [number - 1])
            file = io.BytesIO()
            alone.save(file)
        except pdfium.PdfiumError as error:
            raise NotTaken("damaged") from error
    if file.tell() > _MOST_FILE_BYTES:
        raise NotTaken("too large")
    return file.getvalue()


def _check_conformity(page: bytes, objects: dict[int, PdfObject]) -> None:
    contents = set(_content_numbers(page, objects))
    for number, one in objects.items():
        if _FORBIDDEN.search(one.value) or _ESCAPED_NAME.search(one.value):
            raise NotTaken("with what PDF/A forbids")
        draws = number in contents or b"/Form" in one.value
        if one.stream is None or not draws:
            continue
        if _FORBIDDEN_OPERATORS.search(_decoded(one)):
            raise NotTaken("with what PDF/A forbids")


def _content_numbers(page: bytes, objects: dict[int, PdfObject]) -> Iterator[int]:
    """Return the numbers of the streams of operators of a page."""
    for number in references(entries_of(page).get(b"/Contents", b"[]")):
        if objects[number].stream is None:
            yield from references(objects[number].value)
        else:
            yield number


def _decoded(one: PdfObject) -> bytes:
    """Return the data of a stream of operators.

    Raises:
        NotTaken: If it is stored in another way than it usually is.
    """
    entries = entries_of(one.value)
    filters = entries.get(b"/Filter", b"").strip(b"[] ")
    if not filters:
        return one.stream
    if filters != _FLATE or b"/DecodeParms" in entries:
        raise NotTaken("stored in an unusual way")
    decoder = zlib.decompressobj()
    data = decoder.decompress(one.stream, _MOST_CONTENT_BYTES)
    if decoder.unconsumed_tail or not decoder.eof:
        raise NotTaken("damaged")
    return data


def _conforming(one: PdfObject) -> PdfObject:
    # PDF/A forbids it; it only smooths what is shown enlarged. Notes on an image, which PDFium
    # deflates, may not be deflated.
    value = _INTERPOLATE.sub(b"/Interpolate false", one.value)
    return PdfObject(_METADATA.sub(b"", value), one.stream)


def _to_shown(box: Box, rotation: int, scale: float) -> Matrix:
    """Return the matrix from a page to how it is shown, turned to the right.

    Example:
        >>> _moved(_to_shown((10, 20, 110, 70), 90, 1.0), 10, 20)
        (0.0, 100.0)
    """
    left, bottom, right, top = box
    matrix = {
        0: (1, 0, 0, 1, -left, -bottom),
        90: (0, -1, 1, 0, -bottom, right),
        180: (-1, 0, 0, -1, right, top),
        270: (0, 1, -1, 0, top, -left),
    }[rotation]
    return tuple(scale * value for value in matrix)


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _add(objects: PdfObjects, one: PdfObject, numbers: dict[int, int], number: int) -> None:
    value = renumbered(one.value, numbers)
    if one.stream is None:
        objects.add(value, number)
    else:
        objects.add(b"%b\nstream\n%b\nendstream" % (value, one.stream), number)
