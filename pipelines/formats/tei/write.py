"""Write TEI P5: the facsimile of one page or several with the places of lines, and their text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from pipelines.formats.boxes import Box, box_of
from pipelines.formats.page_text import Origin, PageText, runs_of_regions
from pipelines.formats.xml_names import XmlNames
from schemas.records import Polyline

_NAMESPACE = "http://www.tei-c.org/ns/1.0"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NOTE = "Automatic transcription of handwriting; it was not corrected."


def write_tei(pages: Sequence[PageText], title: str, origin: Origin, language: str = "") -> bytes:
    """Write pages as TEI.

    Each page is a <surface> with its image and a <zone> for each region and line. In the text,
    <pb>, <ab> and <lb> stand for pages, regions and lines and point to them.

    Args:
        pages: Normalised pages, in order.
        title: Title of the document.
        origin: Where the text comes from.
        language: Language of the text (BCP 47); empty if unknown.

    Returns:
        The file.
    """
    root = etree.Element(_tag("TEI"), nsmap={None: _NAMESPACE})
    _append_header(root, title, origin)
    names = XmlNames()
    facsimile = _append(root, "facsimile")
    text = _append(root, "text")
    if language:
        text.set(_XML_LANG, language)
    division = _append(_append(text, "body"), "div")
    for page in pages:
        _append_page(facsimile, division, page, names)
    if not len(division):
        _append(division, "ab")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=False)


def _append_header(root: etree._Element, title: str, origin: Origin) -> None:
    header = _append(root, "teiHeader")
    description = _append(header, "fileDesc")
    _append(_append(description, "titleStmt"), "title").text = title
    _append(_append(description, "publicationStmt"), "p").text = _NOTE
    _append(_append(description, "sourceDesc"), "p").text = title
    name, _, version = origin.software.partition(" ")
    application = _append(_append(_append(header, "encodingDesc"), "appInfo"), "application")
    application.set("ident", name)
    application.set("version", version or "0")
    application.set("when", f"{origin.created:%Y-%m-%d}")
    _append(application, "label").text = name
    if origin.model_digest:
        _append(application, "desc").text = f"model {origin.model_digest}"


def _append_page(
    facsimile: etree._Element, division: etree._Element, page: PageText, names: XmlNames
) -> None:
    surface = _append(facsimile, "surface")
    surface_id = names.give(f"p{page.number}")
    surface.set(_XML_ID, surface_id)
    _set_box(surface, (0, 0, page.width_px, page.height_px))
    if page.label:
        surface.set("n", page.label)
    graphic = _append(surface, "graphic")
    graphic.set("url", page.image_name)
    graphic.set("width", f"{page.width_px}px")
    graphic.set("height", f"{page.height_px}px")
    if page.frame_note:
        _append(surface, "note").text = page.frame_note
    _append(division, "pb", facs=f"#{surface_id}", n=page.label or str(page.number))
    for region_id, lines in runs_of_regions(page.lines):
        zone = _append(surface, "zone")
        zone_id = names.give(f"{surface_id}_{region_id or 'lines'}")
        zone.set(_XML_ID, zone_id)
        _set_box(zone, box_of([point for line in lines for point in line.line.polygon]))
        block = _append(division, "ab", facs=f"#{zone_id}")
        _set_types((zone, block), lines[0].line.region_kinds)
        _append_custom(zone, lines[0].line.region_custom)
        for number, line in enumerate(lines, 1):
            place = _append(zone, "zone", points=_points(line.line.polygon))
            line_id = names.give(f"{surface_id}_{line.line.line_id}")
            place.set(_XML_ID, line_id)
            start = _append(block, "lb", facs=f"#{line_id}", n=str(number))
            _set_types((place, start), line.line.kinds)
            _append_custom(place, line.line.custom)
            start.tail = line.text


def _set_types(nodes: Iterable[etree._Element], kinds: Sequence[str]) -> None:
    """State types: TEI has room for two."""
    for name, kind in zip(("type", "subtype"), kinds):
        for node in nodes:
            node.set(name, _type_name(kind))


def _append_custom(zone: etree._Element, custom: str) -> None:
    """Keep what PAGE states in `custom`."""
    if custom:
        note = _append(zone, "note", type="custom")
        note.text = custom


def _type_name(kind: str) -> str:
    """Return a kind as a value of @type, which holds no spaces and begins with a letter."""
    return XmlNames().give(kind)


def _set_box(node: etree._Element, box: Box) -> None:
    for name, value in zip(("ulx", "uly", "lrx", "lry"), box):
        node.set(name, str(value))


def _points(points: Polyline) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _tag(name), attributes)


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
