"""PAGE XML (PRImA, 2013-07-15 to 2024-07-15): bytes to a Page and back."""

from __future__ import annotations

import posixpath
from datetime import datetime

from lxml import etree

from pipelines.formats.line_nodes import line_names, regions_of
from pipelines.formats.page_xml.reading_order import (
    REGION_TAGS,
    custom_value,
    in_reading_order,
    structure_custom,
)
from pipelines.formats.xml_tree import (
    child,
    children,
    namespace_of,
    parse_xml,
    read_number,
    read_points,
    read_size,
)
from schemas.records import Line, Page, Polyline

NAMESPACE_PREFIX = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
_FIRST_VERSION = "2013-07-15"
_WRITTEN_NAMESPACE = NAMESPACE_PREFIX + "2019-07-15"
# Where lines go that belong to no region: PAGE has none without.
_DEFAULT_REGION = "r1"


def recognises(root: etree._Element) -> bool:
    """Tell whether a tree is PAGE XML."""
    return namespace_of(root).startswith(NAMESPACE_PREFIX)


def read_page_xml(data: bytes) -> Page:
    """Read a PAGE XML file, as `page_xml_pages` does.

    Args:
        data: The file.

    Returns:
        The page.

    Raises:
        ValueError: If it is no well-formed XML, or `page_xml_pages` refuses it.
    """
    (page,) = page_xml_pages(parse_xml(data))
    return page


def page_xml_pages(root: etree._Element) -> list[Page]:
    """Read the lines of a tree of PAGE XML, in reading order.

    A line's text is its TextEquiv of lowest index; failing that, its words' texts. Its kind
    is the structure type in `custom`, and so is its region's, or else the region's `type`.

    Args:
        root: The tree.

    Returns:
        The page; there is one in each file. Its `uri` is the image file name as the XML
        has it.

    Raises:
        ValueError: If it is not PAGE XML, names no image, or holds a bad number.
    """
    page = child(root, "Page") if recognises(root) else None
    if page is None:
        raise ValueError("no <Page> of PAGE XML in it; save the file anew, or take it out")
    version = namespace_of(root)[len(NAMESPACE_PREFIX) :]
    if version < _FIRST_VERSION:
        raise ValueError(
            f"PAGE of {version} writes its points another way; save it as {_FIRST_VERSION} or later"
        )
    if not page.get("imageFilename"):
        raise ValueError("<Page> has no imageFilename; add it")
    described = Page(
        uri=page.get("imageFilename"),
        lines=_lines(page),
        width_px=read_size(page, "imageWidth"),
        height_px=read_size(page, "imageHeight"),
        source="page",
    )
    return [described]


def _lines(page: etree._Element) -> tuple[Line, ...]:
    nodes = list(page.iter("{*}TextLine"))
    names = dict(zip(nodes, line_names(nodes, "id")))
    ordered = in_reading_order(page, nodes)
    regions = regions_of(ordered, REGION_TAGS, _region)
    lines = []
    for index, (node, region) in enumerate(zip(ordered, regions)):
        try:
            lines.append(_line(node, names[node], index, region))
        except ValueError as error:
            lines.append(Line(names[node], index, region_id=region[0], fault=str(error)))
    return tuple(lines)


def _region(node: etree._Element) -> tuple[str, str]:
    """Tell a region's id and kind; the schema's few types stand in where `custom` has none."""
    kind = custom_value(node.get("custom", ""), "structure", "type") or node.get("type", "")
    return node.get("id", ""), kind


def _line(node: etree._Element, name: str, index: int, region: tuple[str, str]) -> Line:
    coords, baseline = child(node, "Coords"), child(node, "Baseline")
    region_id, region_kind = region
    return Line(
        line_id=name,
        index=index,
        text=_text(node),
        baseline=read_points(None if baseline is None else baseline.get("points")),
        polygon=read_points(None if coords is None else coords.get("points")),
        region_id=region_id,
        kind=custom_value(node.get("custom", ""), "structure", "type"),
        region_kind=region_kind,
    )


def _text(node: etree._Element) -> str | None:
    equivalents = sorted(children(node, "TextEquiv"), key=lambda e: read_number(e, "index", 0))
    for equivalent in equivalents:
        unicode_node = child(equivalent, "Unicode")
        if unicode_node is not None:
            return "".join(unicode_node.itertext())
    words = [text for word in children(node, "Word") if (text := _text(word))]
    return " ".join(words) if words else None


def write_page_xml(page: Page, created: datetime) -> bytes:
    """Write a page as PAGE XML 2019-07-15, the lines of a region together.

    Args:
        page: The page; of its `uri` only the file name is written, and its points as
            whole pixels.
        created: Time that the metadata give.

    Returns:
        The file.

    Example:
        >>> line = Line("l1", 0, "x", baseline=((1, 5), (9, 5)), region_id="r1")
        >>> page = Page("d/a.png", (line,), 10, 10)
        >>> read_page_xml(write_page_xml(page, datetime(2026, 1, 1))).lines == page.lines
        True
    """
    root = etree.Element(f"{{{_WRITTEN_NAMESPACE}}}PcGts", nsmap={None: _WRITTEN_NAMESPACE})
    metadata = _append(root, "Metadata")
    for name, text in (("Creator", "Quire"), ("Created", created), ("LastChange", created)):
        _append(metadata, name).text = (
            text if isinstance(text, str) else f"{text:%Y-%m-%dT%H:%M:%S}"
        )
    page_node = _append(
        root,
        "Page",
        imageFilename=posixpath.basename(page.uri),
        imageWidth=str(page.width_px),
        imageHeight=str(page.height_px),
    )
    lines_by_region: dict[str, list[Line]] = {}
    for line in page.lines:
        lines_by_region.setdefault(line.region_id or _DEFAULT_REGION, []).append(line)
    for region_id, lines in lines_by_region.items():
        _append_region(page_node, region_id, lines, page)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append_region(
    page_node: etree._Element, region_id: str, lines: list[Line], page: Page
) -> None:
    region = _append(page_node, "TextRegion", id=region_id, **_custom(lines[0].region_kind))
    # The record has no outline of the region; the page is one that holds it.
    right, bottom = page.width_px, page.height_px
    _append_points(region, "Coords", ((0, 0), (right, 0), (right, bottom), (0, bottom)))
    for line in lines:
        _append_line(region, line)


def _append_line(region: etree._Element, line: Line) -> None:
    node = _append(region, "TextLine", id=line.line_id, **_custom(line.kind))
    if line.polygon:
        _append_points(node, "Coords", line.polygon)
    if line.baseline:
        _append_points(node, "Baseline", line.baseline)
    if line.text is not None:
        _append(_append(node, "TextEquiv"), "Unicode").text = line.text


def _custom(kind: str) -> dict[str, str]:
    return {"custom": structure_custom(kind)} if kind else {}


def _append_points(parent: etree._Element, name: str, points: Polyline) -> None:
    # The schema knows whole pixels only.
    _append(parent, name, points=" ".join(f"{round(x)},{round(y)}" for x, y in points))


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_WRITTEN_NAMESPACE}}}{name}", attributes)
