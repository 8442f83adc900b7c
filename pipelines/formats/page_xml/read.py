"""Read PAGE XML (PRImA, 2013-07-15 to 2024-07-15): from an XML tree to a page."""

from __future__ import annotations

import math

from lxml import etree

from pipelines.formats.boxes import simple_outline, writing_baseline
from pipelines.formats.line_nodes import line_names, regions_of, stated_direction
from pipelines.formats.page_xml.reading_order import (
    REGION_TAGS,
    custom_value,
    in_reading_order,
    stated_cell,
)
from pipelines.formats.xml_tree import (
    child,
    children,
    namespace_of,
    read_number,
    read_points,
    read_size,
)
from schemas.records import Line, Page

NAMESPACE_PREFIX = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
_FIRST_VERSION = "2013-07-15"


def is_page_xml(root: etree._Element) -> bool:
    """Return whether a tree is PAGE XML."""
    return namespace_of(root).startswith(NAMESPACE_PREFIX)


def page_xml_pages(root: etree._Element) -> list[Page]:
    """Read the lines of a PAGE XML tree, in reading order.

    The text of a line is its TextEquiv with the lowest index, those without an index last (the
    index 0 is the truth); where that is empty or missing, the texts of its words. Its direction
    is the innermost readingDirection. Its kind is the structure type in `custom`; that of its
    region likewise, or else `type`. The region of a line in a table cell is the table.

    Args:
        root: The tree.

    Returns:
        The only page of the file. Its `uri` is the image file name as the XML has it.

    Raises:
        ValueError: If it is not PAGE XML, names no image, or holds a bad number.
    """
    page = child(root, "Page") if is_page_xml(root) else None
    if page is None:
        raise ValueError("file has no PAGE <Page>; save it again, or remove it")
    version = namespace_of(root)[len(NAMESPACE_PREFIX) :]
    if version < _FIRST_VERSION:
        raise ValueError(
            f"PAGE {version} stores points in another way; save it as {_FIRST_VERSION} or later"
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
    """Return the id and kind of a region; without a type in `custom`, that of the schema."""
    kind = custom_value(node.get("custom", ""), "structure", "type") or node.get("type", "")
    return node.get("id", ""), kind


def _line(node: etree._Element, name: str, index: int, region: tuple[str, str]) -> Line:
    coords, baseline = child(node, "Coords"), child(node, "Baseline")
    region_id, region_kind = region
    row, column, table = stated_cell(node) or (None, None, "")
    outline = simple_outline(read_points(None if coords is None else coords.get("points")))
    drawn = read_points(None if baseline is None else baseline.get("points"))
    return Line(
        line_id=name,
        index=index,
        text=_text(node),
        baseline=writing_baseline(drawn, outline),
        polygon=outline,
        region_id=table or region_id,
        kind=custom_value(node.get("custom", ""), "structure", "type"),
        region_kind=region_kind,
        direction=stated_direction(node, "readingDirection"),
        row=row,
        column=column,
    )


def _text(node: etree._Element) -> str | None:
    own = _own_text(node)
    if own is not None and own.strip():
        return own
    words = [text for word in children(node, "Word") if (text := _text(word))]
    return " ".join(words) if words else own


def _own_text(node: etree._Element) -> str | None:
    equivalents = sorted(
        children(node, "TextEquiv"), key=lambda one: read_number(one, "index", math.inf)
    )
    for equivalent in equivalents:
        unicode_node = child(equivalent, "Unicode")
        if unicode_node is not None:
            return "".join(unicode_node.itertext())
    return None
