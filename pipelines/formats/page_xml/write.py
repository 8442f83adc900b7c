"""PAGE XML (PRImA) of 2019-07-15 or 2013-07-15: a page to bytes."""

from __future__ import annotations

import posixpath

from lxml import etree

from pipelines.formats.page_text import Origin, PageText, box_of, runs_of_regions
from pipelines.formats.page_xml.read import NAMESPACE_PREFIX
from pipelines.formats.xml_names import XmlNames
from schemas.records import Line, Polyline, Transcript

VERSIONS = ("2019-07-15", "2013-07-15")
_DEFAULT_REGION = "r1"


def write_page(
    page: PageText, origin: Origin, version: str = VERSIONS[0], with_text: bool = True
) -> bytes:
    """Write a page as PAGE XML.

    Lines keep their ids where they are valid, and regions too unless the reading order
    leaves one and comes back. A line's confidence is that of its TextEquiv.

    Args:
        page: A settled page.
        origin: Where the text comes from.
        version: One of `VERSIONS`; what is written here differs by the namespace alone.
        with_text: Whether lines have a TextEquiv; an empty one says that nothing is
            written there.

    Returns:
        The file.
    """
    namespace = NAMESPACE_PREFIX + version
    root = etree.Element(f"{{{namespace}}}PcGts", nsmap={None: namespace})
    metadata = _append(root, "Metadata")
    _append(metadata, "Creator").text = origin.software
    for name in ("Created", "LastChange"):
        _append(metadata, name).text = f"{origin.created:%Y-%m-%dT%H:%M:%S}Z"
    if origin.model_digest:
        _append(metadata, "Comments").text = f"model {origin.model_digest}"
    node = _append(
        root,
        "Page",
        imageFilename=posixpath.basename(page.uri),
        imageWidth=str(page.width_px),
        imageHeight=str(page.height_px),
    )
    _append_regions(node, page, with_text)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append_regions(node: etree._Element, page: PageText, with_text: bool) -> None:
    names = XmlNames()
    line_names = iter([names.give(line.line.line_id) for line in page.lines])
    regions = [
        (names.give(region_id or _DEFAULT_REGION), lines)
        for region_id, lines in runs_of_regions(page.lines)
    ]
    if regions:
        group = _append(_append(node, "ReadingOrder"), "OrderedGroup", id=names.give("order"))
        for index, (name, _) in enumerate(regions):
            _append(group, "RegionRefIndexed", index=str(index), regionRef=name)
    for name, lines in regions:
        region = _append(node, "TextRegion", id=name)
        left, top, right, bottom = box_of([p for line in lines for p in line.line.polygon])
        box = (left, top), (right, top), (right, bottom), (left, bottom)
        _append_points(region, "Coords", box)
        for line in lines:
            line_node = _append_line(region, next(line_names), line.line)
            if with_text:
                _append_text(line_node, line)


def _append_line(region: etree._Element, name: str, line: Line) -> etree._Element:
    node = _append(region, "TextLine", id=name)
    _append_points(node, "Coords", line.polygon)
    if line.baseline:
        _append_points(node, "Baseline", line.baseline)
    return node


def _append_text(node: etree._Element, transcript: Transcript) -> None:
    equivalent = _append(node, "TextEquiv", conf=f"{transcript.confidence:.4f}")
    _append(equivalent, "Unicode").text = transcript.text


def _append_points(parent: etree._Element, name: str, points: Polyline) -> None:
    _append(parent, name, points=" ".join(f"{x},{y}" for x, y in points))


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    namespace = etree.QName(parent).namespace
    return etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)
