"""The order in which PAGE XML wants its lines read."""

from __future__ import annotations

from lxml import etree

from pipelines.formats.line_nodes import (
    Nodes,
    places_in_order,
    sort_by_place,
    sort_in_regions,
)
from pipelines.formats.page_xml.custom import custom_value
from pipelines.formats.xml_tree import child, naming, read_number, to_number

# A <TableCell> is how Transkribus writes one; the schema nests a <TextRegion> in the table.
REGION_TAGS = ("{*}TextRegion", "{*}TableCell")


def in_reading_order(page: etree._Element, lines: Nodes) -> Nodes:
    """Sort the lines of a page.

    Regions go by <ReadingOrder>, what it leaves out after the others; lines within a region
    by `custom="readingOrder {index:0;}"`, or else by their `index` (PAGE 2018-07-15 and
    later), if all lines of the region have one. All else stays in document order.

    Args:
        page: The <Page>.
        lines: Its <TextLine>s, in document order.

    Returns:
        The lines in reading order.

    Raises:
        ValueError: If an index is not a number.

    Example:
        >>> page = etree.XML(
        ...     "<Page><ReadingOrder><OrderedGroup><RegionRefIndexed index='0' regionRef='b'/>"
        ...     "</OrderedGroup></ReadingOrder><TextRegion id='a'><TextLine id='a1'/></TextRegion>"
        ...     "<TextRegion id='b'><TextLine id='b1'/></TextRegion></Page>"
        ... )
        >>> [line.get("id") for line in in_reading_order(page, list(page.iter("TextLine")))]
        ['b1', 'a1']
    """
    for index_of in (_schema_index, _custom_index):
        lines = sort_in_regions(lines, REGION_TAGS, index_of)
    places = places_in_order(child(page, "ReadingOrder"), "regionRef")
    return sort_by_place(lines, places, "id")


def _schema_index(line: etree._Element) -> float | None:
    if line.get("index") is None:
        return None
    with naming(f"line {line.get('id')}"):
        return read_number(line, "index", 0)


def _custom_index(line: etree._Element) -> float | None:
    index = custom_value(line.get("custom", ""), "readingOrder", "index")
    if not index:
        return None
    with naming(f"line {line.get('id')}"):
        return to_number(index, "readingOrder index")
