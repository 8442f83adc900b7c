"""Write PAGE XML (PRImA) 2019-07-15 or 2013-07-15: from a page to bytes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from lxml import etree

from model.text.bidi import LEFT_TO_RIGHT, RIGHT_TO_LEFT
from pipelines.formats.boxes import Box, box_of, corners_around
from pipelines.formats.page_text import (
    Origin,
    PageText,
    direction_to_state,
    normalise_page,
    runs_of_cells,
    runs_of_regions,
)
from pipelines.formats.page_xml.read import NAMESPACE_PREFIX
from pipelines.formats.page_xml.reading_order import cell_custom, structure_custom
from pipelines.formats.words import words_of
from pipelines.formats.xml_names import XSI, XmlNames
from schemas.records import Line, Page, Polyline, Transcript

VERSIONS = ("2019-07-15", "2013-07-15")
_SCHEMA_FILE = "pagecontent.xsd"
# Values of `type` of a text region that all versions know.
_REGION_TYPES = (
    "paragraph", "heading", "caption", "header", "footer", "page-number", "drop-capital", "credit",
    "floating", "signature-mark", "catch-word", "marginalia", "footnote", "footnote-continued",
    "endnote", "TOC-entry", "other",
)  # fmt: skip
# Region of lines without one: PAGE requires each line to be in a region.
_DEFAULT_REGION = "r1"
_DIRECTIONS = {LEFT_TO_RIGHT: "left-to-right", RIGHT_TO_LEFT: "right-to-left"}


def write_page(
    page: PageText,
    origin: Origin,
    version: str = VERSIONS[0],
    with_text: bool = True,
    nests_tables: bool = True,
    file_id: str = "",
) -> bytes:
    """Write a transcribed page as PAGE XML.

    Lines keep their ids where they are valid, and regions do too, unless the reading order
    leaves a region and returns to it. A region whose lines have rows and columns is written as a
    table, each cell as a text region in it with its row and column. The confidence of a line is
    written to its TextEquiv, and its readingDirection is stated where it runs from right to left.
    Lines have words, and regions the text of their lines, for programs that read only those.

    Args:
        page: A normalised page.
        origin: Where the text comes from.
        version: One of `VERSIONS`; they differ here only in the namespace, and in that cells of
            the older one have their row and column in `custom`.
        with_text: Whether lines get a TextEquiv; an empty one states that nothing is written
            there.
        nests_tables: Whether cells are in a TableRegion; if not, they are regions of the page,
            with their row and column in `custom`.
        file_id: Identifier of the file to state; empty for none.

    Returns:
        The file.
    """
    root, page_node = _document(page, origin, version)
    if file_id:
        root.set("pcGtsId", file_id)
    names = XmlNames()
    line_names = iter([names.give(line.line.line_id) for line in page.lines])
    regions = [
        (names.give(region_id or _DEFAULT_REGION), lines)
        for region_id, lines in runs_of_regions(page.lines)
    ]
    planned = [
        _plan(name, [line.line for line in lines], partial(_cell_name, names))
        for name, lines in regions
    ]
    _append_reading_order(page_node, names, planned, nests_tables)
    lines = iter(page.lines)
    for region in planned:
        box = box_of([point for line in region.lines for point in line.polygon])
        for node, count in _append_blocks(page_node, region, box, nests_tables):
            own = list(islice(lines, count))
            for line in own:
                name = next(line_names)
                line_node = _append_line(node, name, line.line, line.text)
                if with_text:
                    _append_words(line_node, line, names, name)
                    _append_text(line_node, line.text, conf=f"{line.confidence:.4f}")
            if with_text:
                _append_text(node, "\n".join(line.text for line in own))
    return _to_bytes(root)


def write_found_lines(page: Page, origin: Origin) -> bytes:
    """Write a page with detected but untranscribed lines as PAGE XML.

    Args:
        page: The page with its size; coordinates are rounded to whole pixels.
        origin: Where the lines come from.

    Returns:
        The file; no line of it has a TextEquiv.

    Raises:
        ValueError: If the page has no size, or a name that XML cannot contain.
    """
    lines = tuple(Transcript(page.uri, line, "", 0.0) for line in page.lines)
    normalised = normalise_page(PageText(page.uri, page.width_px, page.height_px, lines))
    return write_page(normalised, origin, with_text=False)


def write_description(page: Page, origin: Origin) -> bytes:
    """Write the description of a page: lines with their kinds, with or without text.

    Args:
        page: The page. Only the file name of its `uri` is written, points are rounded to whole
            pixels, and the lines of a region are written together.
        origin: Where the description comes from.

    Returns:
        The file, PAGE XML 2019-07-15.

    Example:
        >>> from datetime import datetime
        >>> from pipelines.formats.page_xml.read import page_xml_pages
        >>> from pipelines.formats.xml_tree import parse_xml
        >>> line = Line("l1", 0, "x", baseline=((1, 5), (9, 5)), region_id="r1")
        >>> page = Page("d/a.png", (line,), 10, 10)
        >>> data = write_description(page, Origin("Quire", datetime(2026, 1, 1)))
        >>> (read,) = page_xml_pages(parse_xml(data))
        >>> read.lines == page.lines
        True
    """
    root, page_node = _document(page, origin, VERSIONS[0])
    lines_by_region: dict[str, list[Line]] = {}
    for line in page.lines:
        lines_by_region.setdefault(line.region_id or _DEFAULT_REGION, []).append(line)
    for region_id, lines in lines_by_region.items():
        # The records have no region polygons; use the whole page.
        box = 0, 0, page.width_px, page.height_px
        region = _plan(region_id, lines, _plain_cell_name)
        rest = iter(lines)
        for node, count in _append_blocks(page_node, region, box):
            for line in islice(rest, count):
                line_node = _append_line(node, line.line_id, line, line.text or "")
                if line.text is not None:
                    _append_text(line_node, line.text)
    return _to_bytes(root)


@dataclass(frozen=True)
class _Region:
    """A region to write.

    Attributes:
        name: Its id.
        lines: Its lines, in reading order.
        cells: If it is a table, for each run of lines of one cell its id, its row and column, and
            its lines; else empty.
    """

    name: str
    lines: list[Line]
    cells: tuple[tuple[str, tuple[int, int] | None, list[Line]], ...] = ()


def _plan(name: str, lines: list[Line], cell_name: Callable[[str, object], str]) -> _Region:
    runs = list(runs_of_cells(lines))
    if all(place is None for place, _ in runs):
        return _Region(name, lines)
    return _Region(name, lines, tuple((cell_name(name, place), place, own) for place, own in runs))


def _plain_cell_name(table: str, place: tuple[int, int] | None) -> str:
    return f"{table}_r{place[0]}c{place[1]}" if place else f"{table}_text"


def _cell_name(names: XmlNames, table: str, place: tuple[int, int] | None) -> str:
    return names.give(_plain_cell_name(table, place))


def _append_blocks(
    page_node: etree._Element, region: _Region, box: Box, nests_tables: bool = True
) -> Iterator[tuple[etree._Element, int]]:
    """Append a region or table; return its text regions, and how many lines each has."""
    if not region.cells:
        types = _types(region.lines[0])
        yield _append_region(page_node, region.name, box, types), len(region.lines)
        return
    table = page_node
    if nests_tables:
        table = _append(page_node, "TableRegion", id=region.name)
        _append_points(table, "Coords", corners_around([box]))
    has_roles = nests_tables and etree.QName(page_node).namespace.endswith(VERSIONS[0])
    for name, place, lines in region.cells:
        points = [point for line in lines for point in line.polygon]
        own = box_of(points) if points else box
        types = _types(lines[0], None if has_roles else place)
        node = _append_region(table, name, own, types)
        if place and has_roles:
            row, column = map(str, place)
            roles = _append(node, "Roles")
            _append(roles, "TableCellRole", rowIndex=row, columnIndex=column)
        yield node, len(lines)


def _document(
    page: Page | PageText, origin: Origin, version: str
) -> tuple[etree._Element, etree._Element]:
    """Create a file with metadata; return its root and its `<Page>`."""
    namespace = NAMESPACE_PREFIX + version
    root = etree.Element(f"{{{namespace}}}PcGts", nsmap={None: namespace, "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{namespace} {namespace}/{_SCHEMA_FILE}")
    metadata = _append(root, "Metadata")
    _append(metadata, "Creator").text = origin.software
    for name in ("Created", "LastChange"):
        _append(metadata, name).text = f"{origin.created:%Y-%m-%dT%H:%M:%S}Z"
    is_text = isinstance(page, PageText)
    notes = [f"model {origin.model_digest}"] if origin.model_digest else []
    notes += [page.frame_note] if is_text and page.frame_note else []
    if notes:
        _append(metadata, "Comments").text = "; ".join(notes)
    page_node = _append(
        root,
        "Page",
        imageFilename=page.image_name if is_text else posixpath.basename(page.uri),
        imageWidth=str(page.width_px),
        imageHeight=str(page.height_px),
    )
    return root, page_node


def _to_bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append_reading_order(
    page_node: etree._Element, names: XmlNames, regions: list[_Region], nests_tables: bool
) -> None:
    if not regions:
        return
    group = _append(_append(page_node, "ReadingOrder"), "OrderedGroup", id=names.give("order"))
    if not nests_tables:
        regions = [
            _Region(name, lines)
            for region in regions
            for name, _, lines in region.cells or ((region.name, None, region.lines),)
        ]
    for index, region in enumerate(regions):
        place = {"index": str(index), "regionRef": region.name}
        if not region.cells:
            _append(group, "RegionRefIndexed", **place)
            continue
        cells = _append(group, "OrderedGroupIndexed", id=names.give("order"), **place)
        for number, (name, _, _) in enumerate(region.cells):
            _append(cells, "RegionRefIndexed", index=str(number), regionRef=name)


def _append_region(
    parent: etree._Element, name: str, box: Box, types: dict[str, str]
) -> etree._Element:
    region = _append(parent, "TextRegion", id=name, **types)
    _append_points(region, "Coords", corners_around([box]))
    return region


def _append_line(region: etree._Element, name: str, line: Line, text: str) -> etree._Element:
    node = _append(region, "TextLine", id=name, **_custom(line.kinds, other=line.custom))
    if direction := direction_to_state(text, line):
        node.set("readingDirection", _DIRECTIONS[direction])
    if line.polygon:
        _append_points(node, "Coords", line.polygon)
    if line.baseline:
        _append_points(node, "Baseline", line.baseline)
    return node


def _append_words(
    line_node: etree._Element, line: Transcript, names: XmlNames, line_name: str
) -> None:
    for number, word in enumerate(words_of(line), 1):
        node = _append(line_node, "Word", id=names.give(f"{line_name}_w{number}"))
        _append_points(node, "Coords", word.outline)
        _append_text(node, word.text, conf=f"{word.confidence:.4f}")


def _append_text(node: etree._Element, text: str, **attributes: str) -> None:
    equivalent = _append(node, "TextEquiv", **attributes)
    _append(equivalent, "Unicode").text = text


def _types(line: Line, cell: tuple[int, int] | None = None) -> dict[str, str]:
    """Return the attributes that state the types of a region, as the schema and as programs do."""
    known = [kind for kind in line.region_kinds if kind in _REGION_TYPES]
    # The type of the schema is stated once.
    stated = [kind for kind in line.region_kinds[1:] if kind not in known[:1]]
    custom = _custom((*line.region_kinds[:1], *stated), cell, line.region_custom)
    return ({"type": known[0]} if known else {}) | custom


def _custom(
    kinds: Sequence[str], cell: tuple[int, int] | None = None, other: str = ""
) -> dict[str, str]:
    # The first kind comes last: eScriptorium takes all that follows it for a part of it.
    parts = [other] if other else []
    parts += [cell_custom(*cell)] if cell else []
    parts += [structure_custom(kind, is_first=False) for kind in kinds[1:]]
    parts += [structure_custom(kinds[0])] if kinds else []
    return {"custom": " ".join(parts)} if parts else {}


def _append_points(parent: etree._Element, name: str, points: Polyline) -> None:
    # The schema allows whole pixels only.
    _append(parent, name, points=" ".join(f"{round(x)},{round(y)}" for x, y in points))


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    namespace = etree.QName(parent).namespace
    return etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)
