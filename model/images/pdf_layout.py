"""What lies on a page of a PDF, and whether all that matters of it is one scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

Box = tuple[float, float, float, float]

# A scan covers so much of its page, and reaches no further beyond it, as a share of its side.
_LEAST_COVERED = 0.75
_EDGE_TOLERANCE = 0.01
# Stamps of a library cover so much of a page at most, together.
_MOST_STAMPED = 0.05
_FORM, _IMAGE, _TEXT = (
    raw.FPDF_PAGEOBJ_FORM,
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_TEXT,
)


@dataclass(frozen=True)
class Scan:
    """The one image that a page consists of.

    Attributes:
        image: The image.
        bounds: Its left, bottom, right and top on the page, in points.
    """

    image: pdfium.PdfImage
    bounds: Box


@dataclass(frozen=True)
class PageLayout:
    """What lies on a page.

    Attributes:
        images: All images, in the order in which they are painted.
        scan: The scan that the page consists of; None if it is more than one scan.
        finest_px_per_point: Resolution of the finest image; 0 without images.
    """

    images: tuple[pdfium.PdfImage, ...]
    scan: Scan | None
    finest_px_per_point: float


@dataclass(frozen=True)
class _Item:
    """An object on the page, outside of all forms."""

    object: pdfium.PdfObject
    matrix: pdfium.PdfMatrix | None
    bounds: Box


def page_layout(page: pdfium.PdfPage) -> PageLayout:
    """Look at what lies on a page.

    It consists of one scan if that is upright, covers three quarters of the page or more, and
    nothing else can be seen on the page but a little text: text under the scan and invisible text
    are its OCR, small text beside or on it is a stamp of the library. Form XObjects, into which
    programs wrap either, count as what is in them.

    Args:
        page: The page.

    Returns:
        Its images, and the scan.
    """
    items = list(_items(page))
    images = [item for item in items if item.object.type == _IMAGE]
    finest = max(map(_px_per_point, images), default=0.0)
    return PageLayout(tuple(item.object for item in images), _find_scan(page, items), finest)


def _items(page: pdfium.PdfPage) -> Iterator[_Item]:
    for item in page.get_objects():
        if item.type == _FORM:
            continue
        matrix = item.get_matrix() if item.type == _IMAGE else None
        bounds = item.get_bounds()
        # What is in a form has the coordinates of the form.
        form = item.container
        while form is not None:
            of_form = form.get_matrix()
            matrix = matrix and matrix.multiply(of_form)
            bounds = of_form.on_rect(*bounds)
            form = form.container
        yield _Item(item, matrix, bounds)


def _find_scan(page: pdfium.PdfPage, items: list[_Item]) -> Scan | None:
    images = [n for n, item in enumerate(items) if item.object.type == _IMAGE]
    if len(images) != 1:
        return None
    found = items[images[0]]
    if not _covers(found, page):
        return None
    scan = Scan(found.object, found.bounds)
    # The scan is painted over what comes before it.
    beneath = [item for item in items[: images[0]] if not _is_within(item.bounds, scan.bounds)]
    box = page.get_cropbox()
    seen = [
        (item.object.type, _area(_common(item.bounds, box)))
        for item in (*beneath, *items[images[0] + 1 :])
        if not _is_hidden(item.object) and _touches(item.bounds, box)
    ]
    if any(kind != _TEXT for kind, _ in seen):
        return None
    return scan if sum(area for _, area in seen) <= _MOST_STAMPED * _area(box) else None


def _is_hidden(item: pdfium.PdfObject) -> bool:
    if item.type != _TEXT:
        return False
    return raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_INVISIBLE


def _covers(item: _Item, page: pdfium.PdfPage) -> bool:
    """Return whether an image is upright and covers the page's crop box, but not more."""
    matrix, box = item.matrix, page.get_cropbox()
    is_upright = matrix.a > 0 and matrix.d > 0
    is_upright = is_upright and abs(matrix.b) + abs(matrix.c) < 1e-3 * (matrix.a + matrix.d)
    return (
        is_upright
        and _is_within(item.bounds, box)
        and _area(item.bounds) >= _LEAST_COVERED * _area(box)
    )


def _is_within(bounds: Box, box: Box) -> bool:
    across, down = ((box[n + 2] - box[n]) * _EDGE_TOLERANCE for n in (0, 1))
    return (
        bounds[0] >= box[0] - across
        and bounds[1] >= box[1] - down
        and bounds[2] <= box[2] + across
        and bounds[3] <= box[3] + down
    )


def _common(bounds: Box, box: Box) -> Box:
    return (
        max(bounds[0], box[0]),
        max(bounds[1], box[1]),
        min(bounds[2], box[2]),
        min(bounds[3], box[3]),
    )


def _touches(bounds: Box, box: Box) -> bool:
    left, bottom, right, top = _common(bounds, box)
    return left <= right and bottom <= top


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _px_per_point(item: _Item) -> float:
    width_px, height_px = item.object.get_px_size()
    area = _area(item.bounds)
    return (width_px * height_px / area) ** 0.5 if area > 0 else 0.0
