"""PAGE XML (PRImA, 2013-07-15 and 2019-07-15): bytes to a Page."""

from __future__ import annotations

from lxml import etree

from pipelines.formats.xml_tree import child, children, namespace_of, parse_xml, read_points
from schemas.records import Line, Page

NAMESPACE_PREFIX = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"


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
