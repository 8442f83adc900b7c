"""Write ALTO 4.4 (Library of Congress): from a page to bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lxml import etree

from pipelines.formats.boxes import Box, box_of
from pipelines.formats.page_text import (
    Origin,
    PageText,
    direction_to_state,
    runs_of_tables,
)
from pipelines.formats.words import Word, words_of
from pipelines.formats.xml_names import XSI, XmlNames
from schemas.records import Polyline, Transcript

_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_VERSION = "4.4"
# The newest schema of version 4: the address that eScriptorium, too, accepts.
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto.xsd"
_DEFAULT_BLOCK = "block"
# CC states how uncertain a character is, in one digit.
_MOST_UNCERTAIN = 9


def write_alto(page: PageText, origin: Origin, with_all_types: bool = True) -> bytes:
    """Write a page as ALTO, with a String for each word.

    WC is the confidence of a word, CC the uncertainty of each of its characters, 0 to 9. Lines
    keep their ids where they are valid, and blocks do too, unless the reading order leaves a
    block and returns to it. A region whose lines have rows and columns is a composed block of
    TYPE "table" with one of TYPE "row" for each row and in it one of TYPE "cell" for each column.
    BASEDIRECTION states that a line runs from right to left. Kinds of lines and regions are tags.
    Points are written as 'x y x y', as eScriptorium reads nothing else.

    Args:
        page: A normalised page.
        origin: Where the text comes from.
        with_all_types: Whether a line or region has a tag for each of its types, or only for the
            first, as some programs look up TAGREFS as a whole.

    Returns:
        The file.
    """
    if not with_all_types:
        page = replace(page, lines=tuple(map(_with_one_type, page.lines)))
    namespaces = {None: _NAMESPACE, "xsi": XSI}
    root = etree.Element(_tag("alto"), {"SCHEMAVERSION": _VERSION}, nsmap=namespaces)
    root.set(f"{{{XSI}}}schemaLocation", f"{_NAMESPACE} {_SCHEMA}")
    names = XmlNames()
    line_names = iter([names.give(line.line.line_id) for line in page.lines])
    _append_description(root, page, origin, names)
    tags = _append_tags(root, page, names)
    size = {"WIDTH": str(page.width_px), "HEIGHT": str(page.height_px)}
    node = _append(
        _append(root, "Layout"),
        "Page",
        ID=names.give("page"),
        PHYSICAL_IMG_NR=str(page.number),
        **size,
    )
    space = _append(node, "PrintSpace", HPOS="0", VPOS="0", **size)
    for region_id, lines in runs_of_tables(page.lines):
        name = names.give(region_id or _DEFAULT_BLOCK)
        named = [(next(line_names), line) for line in lines]
        if lines[0].line.row is None or lines[0].line.column is None:
            _append_block(space, name, named, tags)
        else:
            _append_table(space, name, named, names, tags)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _with_one_type(line: Transcript) -> Transcript:
    return replace(line, line=replace(line.line, more_kinds=(), more_region_kinds=()))


def _append_tags(root: etree._Element, page: PageText, names: XmlNames) -> dict[str, str]:
    """Append a tag for each kind of line and region; return the id of the tag of each kind."""
    kinds = {kind for line in page.lines for kind in (*line.line.kinds, *line.line.region_kinds)}
    given = {kind: names.give(f"type_{kind}") for kind in sorted(kinds) if kind}
    if given:
        node = _append(root, "Tags")
        for kind, name in given.items():
            _append(node, "OtherTag", ID=name, LABEL=kind)
    return given


def _tagged(tags: dict[str, str], kinds: Sequence[str]) -> dict[str, str]:
    return {"TAGREFS": " ".join(tags[kind] for kind in kinds)} if kinds else {}


def _append_description(
    root: etree._Element, page: PageText, origin: Origin, names: XmlNames
) -> None:
    description = _append(root, "Description")
    _append(description, "MeasurementUnit").text = "pixel"
    source = _append(description, "sourceImageInformation")
    _append(source, "fileName").text = page.image_name
    step = _append(description, "Processing", ID=names.give("transcription"))
    _append(step, "processingDateTime").text = f"{origin.created:%Y-%m-%dT%H:%M:%S}Z"
    settings = [f"model {origin.model_digest}"] if origin.model_digest else []
    settings += [page.frame_note] if page.frame_note else []
    if settings:
        _append(step, "processingStepSettings").text = "; ".join(settings)
    name, _, version = origin.software.partition(" ")
    software = _append(step, "processingSoftware")
    _append(software, "softwareName").text = name
    _append(software, "softwareVersion").text = version


def _append_block(
    parent: etree._Element, name: str, lines: list[tuple[str, Transcript]], tags: dict[str, str]
) -> None:
    kind = _tagged(tags, lines[0][1].line.region_kinds)
    block = _append(parent, "TextBlock", ID=name, **kind, **_place(_box_of(lines)))
    for line_name, line in lines:
        _append_line(block, line_name, line, tags)


def _append_table(
    space: etree._Element,
    name: str,
    lines: list[tuple[str, Transcript]],
    names: XmlNames,
    tags: dict[str, str],
) -> None:
    """Append a table; rows and cells without lines are there, too, as their places count."""
    cells: dict[tuple[int, int], list[tuple[str, Transcript]]] = {}
    for named in lines:
        cells.setdefault((named[1].line.row, named[1].line.column), []).append(named)
    table = _append(space, "ComposedBlock", ID=name, TYPE="table", **_place(_box_of(lines)))
    for row in range(max(row for row, _ in cells) + 1):
        columns = [column for at, column in cells if at == row]
        row_name = names.give(f"{name}_r{row}")
        row_node = _append(table, "ComposedBlock", ID=row_name, TYPE="row")
        for column in range(max(columns, default=-1) + 1):
            cell_name = names.give(f"{row_name}c{column}")
            cell = _append(row_node, "ComposedBlock", ID=cell_name, TYPE="cell")
            if own := cells.get((row, column)):
                _append_block(cell, names.give(f"{cell_name}_text"), own, tags)


def _box_of(lines: list[tuple[str, Transcript]]) -> Box:
    return box_of([point for _, line in lines for point in line.line.polygon])


def _append_line(
    block: etree._Element, name: str, transcript: Transcript, tags: dict[str, str]
) -> None:
    line = transcript.line
    attributes = {"ID": name, **_tagged(tags, line.kinds), **_place(box_of(line.polygon))}
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
    return " ".join(f"{x} {y}" for x, y in points)


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _tag(name), attributes)


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
