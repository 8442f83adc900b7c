"""The reading order of lines in PAGE XML, and the `custom` attribute."""

from __future__ import annotations

import re
from functools import partial

from lxml import etree

from pipelines.formats.line_nodes import (
    MOST_CELLS,
    Nodes,
    places_in_order,
    sort_by_place,
    sort_by_regions,
    sort_in_regions,
)
from pipelines.formats.xml_tree import child, naming, read_number, to_number

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_CUSTOM_PART = re.compile(r"([\w.-]+)\s*\{([^{}]*)\}")
# Tags that are written from what was read of them.
_ALSO = "alsoStructure"
_OWN_TAGS = ("structure", _ALSO, "readingOrder", "tableCell")
_NEEDS_ESCAPE = re.compile(r"[\\{};\s]")

# Transkribus writes a table cell as <TableCell>; the schema nests a <TextRegion> in the table.
REGION_TAGS = ("{*}TextRegion", "{*}TableCell")


def in_reading_order(page: etree._Element, lines: Nodes) -> Nodes:
    """Sort the lines of a page into reading order.

    Regions are sorted by <ReadingOrder>, those not in it last; where there is none, by
    `custom="readingOrder {index:0;}"`, those without one last. Cells of a table are sorted by row
    and column, lines within a region by `custom`, or else by their `index` (PAGE 2018-07-15 and
    later), if all lines of the region have one. Everything else stays in document order.

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
    lines = sort_by_regions(lines, partial(_key_of_region, uses_custom=not places))
    return sort_by_place(lines, places, "id")


def _key_of_region(element: etree._Element, uses_custom: bool) -> tuple[float, float] | None:
    """Return what sorts a table cell or region among its neighbours; None for nothing."""
    return _cell(element) or (_region_index(element) if uses_custom else None)


def cell_custom(row: int, column: int) -> str:
    """Return the `custom` attribute of a cell, for versions of PAGE that know no cells.

    Example:
        >>> cell_custom(2, 0)
        'tableCell {row:2; column:0;}'
    """
    return f"tableCell {{row:{row}; column:{column};}}"


def _cell(element: etree._Element) -> tuple[float, float] | None:
    """Return the row and column of a table cell, as Transkribus, the schema or Quire has them."""
    role = element.find("{*}Roles/{*}TableCellRole")
    custom = element.get("custom", "")
    found = (
        (element.get("row"), element.get("col"))
        if role is None
        else (role.get("rowIndex"), role.get("columnIndex"))
    )
    if "tableCell" in custom:
        found = tuple(custom_value(custom, "tableCell", name) for name in ("row", "column"))
    if not all(found):
        return None
    return _numbers(*found)


def stated_cell(
    line: etree._Element, seen: dict[etree._Element, tuple[float, float] | None]
) -> tuple[int, int, str] | None:
    """Return the table cell that a line is in, as the file states it.

    Args:
        line: The line.
        seen: What was found for elements around other lines; a region may have thousands.

    Returns:
        Its row and column, from 0, where a cell begins that has several, and the id of the table,
        which may be empty; None where the line is in no cell, or its row is no such number.

    Example:
        >>> table = etree.XML(
        ...     "<TableRegion id='t'><TableCell row='2' col='0'><TextLine/></TableCell>"
        ...     "</TableRegion>"
        ... )
        >>> stated_cell(next(table.iter("TextLine")), {})
        (2, 0, 't')
    """
    for around in line.iterancestors("*"):
        if around not in seen:
            seen[around] = _cell(around)
        if (found := seen[around]) is None:
            continue
        row, column = found
        if not all(place in range(MOST_CELLS) for place in found):
            return None
        table = next(around.iterancestors("{*}TableRegion"), None)
        return int(row), int(column), "" if table is None else table.get("id", "")
    return None


def _region_index(element: etree._Element) -> tuple[float, float] | None:
    if not etree.QName(element).localname.endswith("Region"):
        return None
    index = custom_value(element.get("custom", ""), "readingOrder", "index")
    return _numbers(index, "0") if index else None


def _numbers(*texts: str) -> tuple[float, ...] | None:
    """Return some numbers; None where one is none, as no page should fail for its order."""
    try:
        return tuple(to_number(text, "place") for text in texts)
    except ValueError:
        return None


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


def custom_value(custom: str, tag: str, name: str) -> str:
    r"""Return a value from a `custom` attribute.

    Args:
        custom: The attribute; empty for none.
        tag: The tag, such as 'structure'.
        name: The name of the value, such as 'type'.

    Returns:
        The value; empty where there is none.

    Example:
        >>> custom_value("readingOrder {index:2;} structure {type:heading;}", "structure", "type")
        'heading'
    """
    # No braces are allowed inside, so that the search is linear in the length of the text.
    found = re.search(rf"(?<!\w){tag}\s*\{{([^{{}}]*)\}}", custom)
    for pair in found.group(1).split(";") if found else ():
        key, _, value = pair.partition(":")
        if key.strip() == name:
            return _ESCAPED.sub(_unescaped, value.strip())
    return ""


def custom_kinds(custom: str) -> tuple[str, ...]:
    """Return the types that a `custom` attribute states, the structure type first.

    Example:
        >>> custom_kinds("alsoStructure {type:b;} alsoStructure {type:c;} structure {type:a;}")
        ('a', 'b', 'c')
    """
    first = custom_value(custom, "structure", "type")
    parts = (part[0] for part in _CUSTOM_PART.finditer(custom) if part[1] == _ALSO)
    more = (custom_value(part, _ALSO, "type") for part in parts)
    return tuple(filter(None, dict.fromkeys((first, *more))))


def other_custom(custom: str) -> str:
    """Return what a `custom` attribute says besides kind, order and place in a table.

    Tags with an offset are left out: they hold for characters of one text, and another one is
    written.

    Example:
        >>> other_custom("readingOrder {index:0;} date {offset:0; length:4;} hand {name:b;}")
        'hand {name:b;}'
    """
    parts = _CUSTOM_PART.finditer(custom)
    kept = (part for part in parts if part[1] not in _OWN_TAGS and "offset:" not in part[2])
    return " ".join(f"{part[1]} {{{part[2]}}}" for part in kept)


def structure_custom(kind: str, is_first: bool = True) -> str:
    r"""Return the `custom` attribute for a kind of line or region.

    Args:
        kind: The kind.
        is_first: Whether it is the one that programs know, not a further one.

    Example:
        >>> structure_custom("HeadingLine:title"), structure_custom("a;b")
        ('structure {type:HeadingLine:title;}', 'structure {type:a\\u003bb;}')
    """
    escaped = _NEEDS_ESCAPE.sub(lambda found: f"\\u{ord(found.group()):04x}", kind)
    return f"{'structure' if is_first else _ALSO} {{type:{escaped};}}"


def _unescaped(found: re.Match) -> str:
    code = int(found.group(1), 16)
    is_surrogate = 0xD800 <= code <= 0xDFFF
    # A lone surrogate could not be encoded.
    return found.group() if is_surrogate else chr(code)
