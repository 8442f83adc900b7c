"""PAGE XML (PRImA, 2013-07-15 and 2019-07-15): bytes to a Page and back."""

from __future__ import annotations

import posixpath
from datetime import datetime

from lxml import etree

from pipelines.formats.xml_tree import child, children, namespace_of, parse_xml, read_points
from schemas.records import Line, Page, Polyline

NAMESPACE_PREFIX = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
_WRITTEN_NAMESPACE = NAMESPACE_PREFIX + "2019-07-15"


def recognises(root: etree._Element) -> bool:
    """Tell whether a tree is PAGE XML."""
    return namespace_of(root).startswith(NAMESPACE_PREFIX)


def read_page_xml(data: bytes) -> Page:
    """Read the lines of a PAGE XML file, in document order.

    A line's text is its TextEquiv of lowest index; failing that, its words' texts.

    Args:
        data: The file.

    Returns:
        The page; its `uri` is the image file name as the XML has it.

    Raises:
        ValueError: If it is not PAGE XML, or names no image.
    """
    root = parse_xml(data)
    page = child(root, "Page") if recognises(root) else None
    if page is None:
        raise ValueError("no <Page> of PAGE XML in it; give --format the format that it has")
    if not page.get("imageFilename"):
        raise ValueError("<Page> has no imageFilename; add it")
    lines = tuple(_line(node, i) for i, node in enumerate(page.iter("{*}TextLine")))
    return Page(
        uri=page.get("imageFilename"),
        lines=lines,
        width_px=int(page.get("imageWidth", 0)),
        height_px=int(page.get("imageHeight", 0)),
        source="page",
    )


def _line(node: etree._Element, index: int) -> Line:
    coords, baseline = child(node, "Coords"), child(node, "Baseline")
    region = next(node.iterancestors("{*}TextRegion"), None)
    return Line(
        line_id=node.get("id") or f"line_{index + 1}",
        index=index,
        text=_text(node),
        baseline=read_points(None if baseline is None else baseline.get("points")),
        polygon=read_points(None if coords is None else coords.get("points")),
        region_id="" if region is None else region.get("id", ""),
    )


def _text(node: etree._Element) -> str | None:
    equivalents = sorted(children(node, "TextEquiv"), key=lambda e: int(e.get("index", 0)))
    for equivalent in equivalents:
        unicode_node = child(equivalent, "Unicode")
        if unicode_node is not None:
            return unicode_node.text or ""
    words = [text for word in children(node, "Word") if (text := _text(word))]
    return " ".join(words) if words else None


def write_page_xml(page: Page, created: datetime) -> bytes:
    """Write a page as PAGE XML 2019-07-15, its lines in one region.

    Args:
        page: The page; of its `uri` only the file name is written.
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
    right, bottom = page.width_px, page.height_px
    region = _append(page_node, "TextRegion", id="r1")
    _append_points(region, "Coords", ((0, 0), (right, 0), (right, bottom), (0, bottom)))
    for line in page.lines:
        _append_line(region, line)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append_line(region: etree._Element, line: Line) -> None:
    node = _append(region, "TextLine", id=line.line_id)
    if line.polygon:
        _append_points(node, "Coords", line.polygon)
    if line.baseline:
        _append_points(node, "Baseline", line.baseline)
    if line.text is not None:
        _append(_append(node, "TextEquiv"), "Unicode").text = line.text


def _append_points(parent: etree._Element, name: str, points: Polyline) -> None:
    # The schema knows whole pixels only.
    _append(parent, name, points=" ".join(f"{round(x)},{round(y)}" for x, y in points))


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_WRITTEN_NAMESPACE}}}{name}", attributes)
