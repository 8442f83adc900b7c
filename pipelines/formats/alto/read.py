"""Read ALTO 2, 3 and 4 (Library of Congress): from an XML tree to pages."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pipelines.formats.boxes import corners_around, simple_outline, writing_baseline
from pipelines.formats.line_nodes import (
    MOST_CELLS,
    Nodes,
    Region,
    checked_places,
    kinds_of_line,
    line_names,
    places_in_order,
    regions_of,
    sort_by_place,
    stated_direction,
)
from pipelines.formats.names import file_of, page_uri
from pipelines.formats.xml_tree import (
    child,
    children,
    namespace_of,
    read_number,
    read_points,
    read_size,
)
from schemas.records import Failure, Line, Page, Polyline

_VERSIONS = tuple(f"http://www.loc.gov/standards/alto/ns-v{n}" for n in (2, 3, 4))
# ALTO 1 had no namespace or that of its maker; Gallica uses its own for ALTO 2. All are read alike.
_OLDER_NAMESPACES = ("", "http://schema.ccs-gmbh.com/ALTO", "http://bibnum.bnf.fr/ns/alto_prod")
_PIXEL_UNITS = ("pixel", "pixels", "px")
# Units of length, and what they are multiplied by, as page sizes are kept as whole numbers: 210 mm
# would be too coarse. They become pixels by the page size in the same unit.
_LENGTH_UNITS = {"mm10": 1, "inch1200": 1, "mm": 100, "cm": 1000, "inch": 1000}
# Signs for a hyphen at the end of a line.
_HYPHENS = "-\u2010\u2011\u2013\u00ad\u00ac\u2e17="
_KIND_TAGS = ("{*}LayoutTag", "{*}StructureTag", "{*}OtherTag")
_REGION_TAGS = ("{*}TextBlock",)
_BLOCK_TAGS = ("{*}TextBlock", "{*}ComposedBlock", "{*}Illustration", "{*}GraphicalElement")
_LONGEST_NUMBER = 9


@dataclass(frozen=True)
class _Head:
    """What a file states about all its pages.

    Attributes:
        image_name: The image file; may be empty.
        unit: Unit of all lengths, in lower case.
        labels: Identifier of each tag that names a kind of line or block, to its label.
        places: Identifier of each element in the reading order, to its place.
    """

    image_name: str
    unit: str
    labels: dict[str, str]
    places: dict[str, int]


def is_alto(root: etree._Element) -> bool:
    """Return whether a tree is ALTO of any version."""
    return etree.QName(root).localname == "alto"


def alto_pages(root: etree._Element) -> list[Page | Failure]:
    """Read the lines of an ALTO tree, page by page in reading order.

    The text of a line is what is written on it: a hyphenated word is not joined, whatever its
    SUBS_CONTENT. The first group of <ReadingOrder> (ALTO 4.3) is used, as the others are
    alternatives to it; lines that are not in it, and files without it, are in document order.

    Args:
        root: The tree.

    Returns:
        The pages. The `uri` of a single page is the image file name as the XML has it, or
        empty; where there are several, it is followed by '#page=' and the number, and a page
        that cannot be read is a failure. In a file that measures in mm10, inch1200 or another
        unit of length, the lines and the page size are in that unit or a part of it (ALTO states
        no resolution); `model.line_images.crop.fit_to_image` converts both to pixels.

    Raises:
        ValueError: If it is not ALTO 2, 3 or 4, or its single page has no size in the file's
            unit or a bad number.
    """
    pages = list(root.iterfind("{*}Layout/{*}Page")) if is_alto(root) else []
    if not pages:
        raise ValueError("file has no ALTO <Page>; save it again, or remove it")
    namespace = namespace_of(root)
    if not namespace.startswith(_VERSIONS) and namespace not in _OLDER_NAMESPACES:
        raise ValueError(
            f"namespace {namespace} is not ALTO 2, 3 or 4; save the file as one of them"
        )
    head = _read_head(root)
    if len(pages) == 1:
        return [_page(pages[0], head.image_name, head)]
    image_name = file_of(head.image_name)
    return [
        _page_or_failure(page, page_uri(image_name, number), head)
        for page, number in zip(pages, _numbers(pages))
    ]


def _read_head(root: etree._Element) -> _Head:
    order = child(root, "ReadingOrder")
    group = None if order is None else next(order.iterchildren("*"), None)
    return _Head(
        image_name=root.findtext(
            "{*}Description/{*}sourceImageInformation/{*}fileName", ""
        ).strip(),
        unit=root.findtext("{*}Description/{*}MeasurementUnit", "").strip().lower() or "pixel",
        labels={
            tag.get("ID"): tag.get("LABEL", "")
            for tags in children(root, "Tags")
            for tag in tags.iterchildren(*_KIND_TAGS)
        },
        places=places_in_order(group, "REF"),
    )


def _numbers(pages: Nodes) -> list[int]:
    """Return the number of each page in the image file: its PHYSICAL_IMG_NR, or its place."""
    texts = [page.get("PHYSICAL_IMG_NR", "").strip() for page in pages]
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) < _LONGEST_NUMBER]
    if len(set(numbers)) < len(pages):
        return list(range(1, len(pages) + 1))
    # Tesseract counts from 0.
    return [number + 1 for number in numbers] if 0 in numbers else numbers


def _page_or_failure(page: etree._Element, uri: str, head: _Head) -> Page | Failure:
    try:
        return _page(page, uri, head)
    except ValueError as error:
        return Failure(uri, "read", str(error))


def _page(page: etree._Element, uri: str, head: _Head) -> Page:
    factor = _LENGTH_UNITS.get(head.unit, 1)
    width, height = read_size(page, "WIDTH", factor), read_size(page, "HEIGHT", factor)
    _check_unit(head.unit, width, height)
    lines = _lines(page, head, factor)
    if not lines and any(node.get("CONTENT", "").strip() for node in page.iter("{*}String")):
        raise ValueError("texts are in no <TextLine>; put them into such")
    return Page(uri, lines, width, height, source="alto")


def _check_unit(unit: str, width: int, height: int) -> None:
    if unit not in (*_PIXEL_UNITS, *_LENGTH_UNITS):
        raise ValueError(
            f"MeasurementUnit {unit!r} is not a unit of ALTO; export the file in pixels"
        )
    if unit in _LENGTH_UNITS and not (width and height):
        raise ValueError(
            f"MeasurementUnit is {unit} but <Page> has no WIDTH and HEIGHT to scale it by; "
            "add them in that unit, or export the file in pixels"
        )


def _lines(page: etree._Element, head: _Head, factor: int) -> tuple[Line, ...]:
    labels = head.labels
    nodes = list(page.iter("{*}TextLine"))
    names = dict(zip(nodes, line_names(nodes, "ID")))
    ordered = sort_by_place(nodes, head.places, "ID")
    regions = regions_of(
        ordered, _REGION_TAGS, lambda node: Region(node.get("ID", ""), _kinds(node, labels))
    )
    lines = []
    for index, (node, region) in enumerate(zip(ordered, regions)):
        try:
            polygon = _polygon(node)
            row, column, table = _cell(node) or (None, None, "")
            line = Line(
                line_id=names[node],
                index=index,
                text=_text(node),
                baseline=_scaled(writing_baseline(_baseline(node, polygon), polygon), factor),
                polygon=_scaled(polygon, factor),
                region_id=table or region.region_id,
                direction=stated_direction(node, "BASEDIRECTION"),
                row=row,
                column=column,
                **kinds_of_line(_kinds(node, labels)),
                **region.facts(),
            )
        except ValueError as error:
            line = Line(names[node], index, region_id=region.region_id, fault=str(error))
        lines.append(line)
    return checked_places(lines)


def _cell(line: etree._Element) -> tuple[int, int, str] | None:
    """Return the row, the column and the id of the table that a line is in; None if in none.

    ALTO has no cells. Where a <ComposedBlock TYPE="table"> is divided into blocks of TYPE "row",
    these and the blocks in each are counted; any other division of a table states no cells.
    """
    path: list[etree._Element] = []
    for around in line.iterancestors("*"):
        if len(path) > 1 and _type(around) == "table" and _type(path[-1]) == "row":
            row = sum(_type(block) == "row" for block in path[-1].itersiblings(preceding=True))
            blocks = path[-2].itersiblings(*_BLOCK_TAGS, preceding=True)
            column = sum(1 for _ in blocks)
            if max(row, column) < MOST_CELLS:
                return row, column, around.get("ID", "")
        path.append(around)
    return None


def _type(block: etree._Element) -> str:
    return block.get("TYPE", "").strip().lower()


def _scaled(points: Polyline, factor: int) -> Polyline:
    return points if factor == 1 else tuple((x * factor, y * factor) for x, y in points)


def _kinds(node: etree._Element, labels: dict[str, str]) -> tuple[str, ...]:
    """Return the labels in the tags of a line or block, each once."""
    found = (labels[tag] for tag in node.get("TAGREFS", "").split() if labels.get(tag))
    return tuple(dict.fromkeys(found))


def _text(node: etree._Element) -> str | None:
    """Join the words of a line with spaces, whether or not there are <SP> between them."""
    strings = [string.get("CONTENT", "") for string in children(node, "String")]
    hyphen = child(node, "HYP")
    if not strings and hyphen is None:
        return None
    text = " ".join(string for string in strings if string)
    if hyphen is None:
        return text
    mark = hyphen.get("CONTENT", "-")
    # Some programs leave the hyphen in the word, too; it stands there only once.
    is_there = mark and text.endswith((mark, *_HYPHENS) if mark in _HYPHENS else mark)
    return text if is_there else text + mark


def _polygon(node: etree._Element) -> Polyline:
    """Read the polygon of a line, or else its box, or else the box around its words."""
    drawn = node.find("{*}Shape/{*}Polygon")
    points = () if drawn is None else read_points(drawn.get("POINTS"))
    if points:
        return simple_outline(points)
    own = _box(node)
    boxes = [own] if own else filter(None, map(_box, children(node, "String")))
    return corners_around(boxes)


def _box(node: etree._Element) -> tuple[float, float, float, float] | None:
    """Read left, top, right and bottom; None where one of them is missing."""
    if any(node.get(name) is None for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")):
        return None
    left, top = read_number(node, "HPOS", 0), read_number(node, "VPOS", 0)
    return left, top, left + read_number(node, "WIDTH", 0), top + read_number(node, "HEIGHT", 0)


def _baseline(node: etree._Element, polygon: Polyline) -> Polyline:
    """Read the points of the baseline, or the single height that ALTO up to 4.1 has."""
    text = node.get("BASELINE", "")
    if len(text.replace(",", " ").split()) != 1:
        return read_points(text)
    height = read_number(node, "BASELINE", 0)
    sides = [x for x, _ in polygon]
    return ((min(sides), height), (max(sides), height)) if sides else ()
