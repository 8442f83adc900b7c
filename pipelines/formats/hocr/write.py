"""Write hOCR 1.2 as XHTML: from a page to bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from lxml import etree

from pipelines.formats.boxes import Box, box_of
from pipelines.formats.hocr.read import (
    CUSTOM_ATTRIBUTE,
    KIND_ATTRIBUTE,
    MORE_KINDS_ATTRIBUTE,
)
from pipelines.formats.page_text import Origin, PageText, runs_of_regions
from pipelines.formats.words import words_of
from pipelines.formats.xml_names import XmlNames
from schemas.records import Line, Transcript

_NAMESPACE = "http://www.w3.org/1999/xhtml"
_CLASSES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_poly ocrp_wconf"
# Without this, browsers would show all lines as one.
_STYLE = ".ocr_line { display: block; }"
# Kinds of lines that hOCR has classes for; browsers are to show them as lines, too.
_LINE_CLASSES = {kind: f"ocr_line ocr_{kind}" for kind in ("header", "footer", "caption")}


def write_hocr(page: PageText, origin: Origin) -> bytes:
    """Write a page as hOCR.

    x_wconf is the confidence of a word in per cent. The baseline of a line is the straight line
    fitted to it, relative to the lower left corner of its box; vertical lines have none.

    Args:
        page: A normalised page.
        origin: Where the text comes from.

    Returns:
        The file.
    """
    root = etree.Element(_tag("html"), nsmap={None: _NAMESPACE})
    name = page.image_name
    _append_head(root, name, origin, page.frame_note)
    names = XmlNames()
    line_names = iter([names.give(line.line.line_id) for line in page.lines])
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    place = page.number - 1
    box = _bbox((0, 0, page.width_px, page.height_px))
    node = _append(
        _append(root, "body"), "div", "ocr_page", f'image "{quoted}"; {box}; ppageno {place}'
    )
    node.set("id", names.give("page"))
    for region_id, lines in runs_of_regions(page.lines):
        box = _bbox(box_of([point for line in lines for point in line.line.polygon]))
        area = _append(node, "div", "ocr_carea", box)
        area.set("id", names.give(region_id or "area"))
        first = lines[0].line
        _set_kinds(area, first.region_kinds, first.region_custom)
        paragraph = _append(area, "p", "ocr_par", box)
        for line in lines:
            _append_line(paragraph, next(line_names), line)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", doctype="<!DOCTYPE html>")


def _set_kinds(node: etree._Element, kinds: Sequence[str], custom: str) -> None:
    if kinds:
        node.set(KIND_ATTRIBUTE, kinds[0])
    if kinds[1:]:
        node.set(MORE_KINDS_ATTRIBUTE, json.dumps(kinds[1:], ensure_ascii=False))
    if custom:
        node.set(CUSTOM_ATTRIBUTE, custom)


def _append_head(root: etree._Element, name: str, origin: Origin, note: str) -> None:
    head = _append(root, "head")
    _append(head, "title").text = name
    _append(head, "meta").set("charset", "utf-8")
    for key, value in _meta(origin, note):
        meta = _append(head, "meta")
        meta.set("name", key)
        meta.set("content", value)
    _append(head, "style").text = _STYLE


def _meta(origin: Origin, note: str) -> list[tuple[str, str]]:
    known = [("ocr-system", origin.software), ("ocr-capabilities", _CLASSES)]
    return [*known, ("description", note)] if note else known


def _append_line(paragraph: etree._Element, name: str, transcript: Transcript) -> None:
    line = transcript.line
    box = box_of(line.polygon)
    outline = " ".join(f"{x} {y}" for x, y in line.polygon)
    title = "; ".join(filter(None, [_bbox(box), _baseline(line, box), f"poly {outline}"]))
    node = _append(paragraph, "span", _LINE_CLASSES.get(line.kind, "ocr_line"), title)
    node.set("id", name)
    _set_kinds(node, line.kinds, line.custom)
    # Browsers take an empty element written as <span/> for an opening tag.
    node.text, node.tail = "", "\n"
    words = words_of(transcript)
    for index, word in enumerate(words):
        percent = round(word.confidence * 100)
        child = _append(node, "span", "ocrx_word", f"{_bbox(word.box)}; x_wconf {percent}")
        child.text = word.text
        child.tail = " " if index + 1 < len(words) else None


def _baseline(line: Line, box: Box) -> str:
    if not line.baseline:
        return ""
    xs, ys = np.array(line.baseline, float).T
    if np.ptp(xs) < max(1.0, np.ptp(ys)):
        return ""
    left, _, _, bottom = box
    slope, offset = np.polyfit(xs - left, ys - bottom, 1)
    # Adding 0 turns -0 into 0.
    return f"baseline {round(slope, 4) + 0:g} {round(offset) + 0}"


def _bbox(box: Box) -> str:
    return "bbox " + " ".join(map(str, box))


def _append(parent: etree._Element, name: str, kind: str = "", title: str = "") -> etree._Element:
    node = etree.SubElement(parent, _tag(name))
    if kind:
        node.set("class", kind)
        node.set("title", title)
    return node


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
