"""ALTO 4 (Library of Congress): bytes to a Page."""

from __future__ import annotations

from lxml import etree

from pipelines.formats.xml_tree import child, namespace_of, parse_xml, read_points
from schemas.records import Line, Page, Polyline

NAMESPACE_PREFIX = "http://www.loc.gov/standards/alto/ns-v4"


def recognises(root: etree._Element) -> bool:
    """Tell whether a tree is ALTO 4."""
    return namespace_of(root).startswith(NAMESPACE_PREFIX)


def read_alto(data: bytes) -> Page:
    """Read the lines of an ALTO file, in document order.

    Args:
        data: The file.

    Returns:
        The page; its `uri` is the image file name as the XML has it, or empty.

    Raises:
        ValueError: If it is not ALTO 4 or does not measure in pixels.
    """
    root = parse_xml(data)
    page = next(root.iter("{*}Page"), None) if recognises(root) else None
    if page is None:
        raise ValueError("no <Page> of ALTO 4 in it; give --format the format that it has")
    unit = root.findtext(".//{*}MeasurementUnit", "pixel")
    if unit != "pixel":
        raise ValueError(f"MeasurementUnit is {unit}; export the file in pixels")
    lines = tuple(_line(node, i) for i, node in enumerate(page.iter("{*}TextLine")))
    return Page(
        uri=root.findtext(".//{*}sourceImageInformation/{*}fileName", "").strip(),
        lines=lines,
        width_px=round(float(page.get("WIDTH", 0))),
        height_px=round(float(page.get("HEIGHT", 0))),
        source="alto",
    )


def _line(node: etree._Element, index: int) -> Line:
    block = next(node.iterancestors("{*}TextBlock"), None)
    return Line(
        line_id=node.get("ID") or f"line_{index + 1}",
        index=index,
        text=_text(node),
        baseline=_baseline(node),
        polygon=_polygon(node),
        region_id="" if block is None else block.get("ID", ""),
    )


def _text(node: etree._Element) -> str | None:
    """Join the strings of a line, a space where an <SP> stands or nothing does."""
    strings = list(node.iterchildren("{*}String"))
    if not strings:
        return None
    text = " ".join(string.get("CONTENT", "") for string in strings)
    hyphen = child(node, "HYP")
    return text if hyphen is None else text + hyphen.get("CONTENT", "-")


def _box(node: etree._Element) -> tuple[float, float, float, float] | None:
    sides = [node.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    return None if None in sides else tuple(map(float, sides))


def _baseline(node: etree._Element) -> Polyline:
    """Read the points, or the one height that ALTO 4.0 and older write."""
    text = node.get("BASELINE", "")
    numbers = text.replace(",", " ").split()
    box = _box(node)
    if len(numbers) == 1 and box:
        left, _, width, _ = box
        return read_points(f"{left},{numbers[0]} {left + width},{numbers[0]}")
    return read_points(text)


def _polygon(node: etree._Element) -> Polyline:
    polygon = node.find("{*}Shape/{*}Polygon")
    if polygon is not None:
        return read_points(polygon.get("POINTS"))
    box = _box(node)
    if box is None:
        return ()
    left, top, width, height = box
    right, bottom = left + width, top + height
    return ((left, top), (right, top), (right, bottom), (left, bottom))
