"""Write ALTO 4.4 (Library of Congress): from a page to bytes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lxml import etree

from pipelines.formats.boxes import Box, box_of
from pipelines.formats.names import split_page_uri
from pipelines.formats.page_text import (
    Origin,
    PageText,
    direction_to_state,
    runs_of_regions,
)
from pipelines.formats.words import Word, words_of
from pipelines.formats.xml_names import XmlNames
from schemas.records import Polyline, Transcript

_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_VERSION = "4.4"
_DEFAULT_BLOCK = "block"
# CC states how uncertain a character is, in one digit.
_MOST_UNCERTAIN = 9


def write_alto(page: PageText, origin: Origin) -> bytes:
    """Write a page as ALTO, with a String for each word.

    WC is the confidence of a word, CC the uncertainty of each of its characters, 0 to 9. Lines
    keep their ids where they are valid, and blocks do too, unless the reading order leaves a
    block and returns to it. BASEDIRECTION states that a line runs from right to left.

    Args:
        page: A normalised page.
        origin: Where the text comes from.

    Returns:
        The file.
    """
    root = etree.Element(_tag("alto"), {"SCHEMAVERSION": _VERSION}, nsmap={None: _NAMESPACE})
    names = XmlNames()
    line_names = iter([names.give(line.line.line_id) for line in page.lines])
    _append_description(root, page, origin, names)
    number = split_page_uri(page.uri)[1] or 1
    size = {"WIDTH": str(page.width_px), "HEIGHT": str(page.height_px)}
    node = _append(
        _append(root, "Layout"), "Page", ID=names.give("page"), PHYSICAL_IMG_NR=str(number), **size
    )
    space = _append(node, "PrintSpace", HPOS="0", VPOS="0", **size)
    for region_id, lines in runs_of_regions(page.lines):
        box = box_of([point for line in lines for point in line.line.polygon])
        name = names.give(region_id or _DEFAULT_BLOCK)
        block = _append(space, "TextBlock", ID=name, **_place(box))
        for line in lines:
            _append_line(block, next(line_names), line)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append_description(
    root: etree._Element, page: PageText, origin: Origin, names: XmlNames
) -> None:
    description = _append(root, "Description")
    _append(description, "MeasurementUnit").text = "pixel"
    source = _append(description, "sourceImageInformation")
    _append(source, "fileName").text = posixpath.basename(page.uri)
    step = _append(description, "Processing", ID=names.give("transcription"))
    _append(step, "processingDateTime").text = f"{origin.created:%Y-%m-%dT%H:%M:%S}Z"
    if origin.model_digest:
        _append(step, "processingStepSettings").text = f"model {origin.model_digest}"
    name, _, version = origin.software.partition(" ")
    software = _append(step, "processingSoftware")
    _append(software, "softwareName").text = name
    _append(software, "softwareVersion").text = version


def _append_line(block: etree._Element, name: str, transcript: Transcript) -> None:
    line = transcript.line
    attributes = {"ID": name, **_place(box_of(line.polygon))}
    if line.baseline:
        attributes["BASELINE"] = _points(line.baseline)
    if direction := direction_to_state(transcript.text, line):
        attributes["BASEDIRECTION"] = direction
    node = _append(block, "TextLine", **attributes)
    _append(_append(node, "Shape"), "Polygon", POINTS=_points(line.polygon))
    words = words_of(transcript)
    if not words:
        # The schema requires a String; an empty one stands for an empty text.
        _append(node, "String", CONTENT="")
    for index, word in enumerate(words):
        if index:
            _append(node, "SP")
        _append(node, "String", **dict(_string(word)))


def _string(word: Word) -> Iterator[tuple[str, str]]:
    yield "CONTENT", word.text
    yield from _place(word.box).items()
    yield "WC", f"{word.confidence:.4f}"
    if word.confidences:
        uncertainties = (
            round((1 - confidence) * _MOST_UNCERTAIN) for confidence in word.confidences
        )
        yield "CC", " ".join(map(str, uncertainties))


def _place(box: Box) -> dict[str, str]:
    left, top, right, bottom = box
    names = ("HPOS", "VPOS", "WIDTH", "HEIGHT")
    return dict(zip(names, map(str, (left, top, right - left, bottom - top))))


def _points(points: Polyline) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _tag(name), attributes)


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
