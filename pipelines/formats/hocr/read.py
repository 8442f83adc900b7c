"""Read hOCR 1.2: from a tree of XHTML or HTML to pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from lxml import etree

from pipelines.formats.boxes import corners_around
from pipelines.formats.line_nodes import Region, checked_places, line_names, stated_direction
from pipelines.formats.names import page_uri
from pipelines.formats.xml_tree import read_points, to_number
from schemas.records import Failure, Line, Page, Polyline

_PAGE, _AREA, _WORD, _LINE = "ocr_page", "ocr_carea", "ocrx_word", "ocr_line"
# Tesseract calls some lines by what they are.
_LINES = (_LINE, "ocrx_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat")
# Holds the kind of a line or area that hOCR has no class for.
KIND_ATTRIBUTE = "data-kind"
# Further kinds, as a list in JSON, and what PAGE states in `custom`.
MORE_KINDS_ATTRIBUTE, CUSTOM_ATTRIBUTE = "data-more-kinds", "data-custom"
# A property of a title: its name, and its values up to the next semicolon that is not in quotes.
_PROPERTY = re.compile(r"\s*([a-z_-]+)\s+((?:\"(?:\\.|[^\"\\])*\"|'[^']*'|[^;\"'])*)", re.DOTALL)
_HEAD = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_HEAD_BYTES = 1024


def is_html(data: bytes) -> bool:
    """Return whether a file is HTML, by its first bytes.

    Example:
        >>> is_html(b"<!DOCTYPE html><html>"), is_html(b"<?xml version='1.0'?><alto/>")
        (True, False)
    """
    return bool(_HEAD.search(data[:_HEAD_BYTES]))


def parse_html(data: bytes) -> etree._Element:
    """Parse HTML that is not XML, without network access.

    Raises:
        ValueError: If there is no element in it.
    """
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(data, parser)
    if root is None:
        raise ValueError("file is not HTML; export it again")
    return root


def is_hocr(root: etree._Element) -> bool:
    """Return whether a tree is HTML with pages of hOCR."""
    return etree.QName(root).localname == "html" and next(_of_class(root, _PAGE), None) is not None


def hocr_pages(root: etree._Element) -> list[Page | Failure]:
    """Read the lines of an hOCR tree, page by page in the order of the document.

    Args:
        root: The tree.

    Returns:
        The pages. The `uri` of a page is the name of its image as the file has it, or empty;
        of several pages of one image it is followed by '#page=' and the number, from ppageno.
    """
    nodes = list(_of_class(root, _PAGE))
    properties = [_properties(node) for node in nodes]
    images = [_unquoted(one.get("image", "")) for one in properties]
    if len(nodes) > 1 and len(set(images)) == 1:
        numbers = _numbers([one.get("ppageno", "") for one in properties])
        images = [page_uri(image, number) for image, number in zip(images, numbers)]
    return [_page_or_failure(node, image) for node, image in zip(nodes, images)]


def _numbers(texts: list[str]) -> list[int]:
    """Return the number of each page from its ppageno, which counts from 0, or its place."""
    numbers = [int(text) + 1 for text in map(str.strip, texts) if re.fullmatch("[0-9]{1,6}", text)]
    return numbers if len(set(numbers)) == len(texts) else list(range(1, len(texts) + 1))


def _page_or_failure(node: etree._Element, image: str) -> Page | Failure:
    try:
        left, top, right, bottom = _box(_properties(node)) or (0, 0, 0, 0)
        lines = _lines(node)
        if not lines and "".join(node.itertext()).strip():
            raise ValueError("text is in no ocr_line; divide it into such")
        return Page(image, lines, round(right - left), round(bottom - top), source="hocr")
    except ValueError as error:
        return Failure(image, "read", str(error))


def _lines(page: etree._Element) -> tuple[Line, ...]:
    nodes = list(_of_class(page, *_LINES))
    regions = [next(_around(node, _AREA), None) for node in nodes]
    lines = []
    for index, (node, name, region) in enumerate(zip(nodes, line_names(nodes, "id"), regions)):
        region_id = "" if region is None else region.get("id", "")
        try:
            line = _line(node, name, index, region_id)
            lines.append(line if region is None else replace(line, **_region(region).facts()))
        except ValueError as error:
            lines.append(Line(name, index, region_id=region_id, fault=str(error)))
    return checked_places(lines)


def _region(node: etree._Element) -> Region:
    kinds = tuple(filter(None, (node.get(KIND_ATTRIBUTE, ""), *_more_kinds(node))))
    return Region(node.get("id", ""), kinds, node.get(CUSTOM_ATTRIBUTE, ""))


def _more_kinds(node: etree._Element) -> tuple[str, ...]:
    try:
        found = json.loads(node.get(MORE_KINDS_ATTRIBUTE, "[]"))
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _line(node: etree._Element, name: str, index: int, region_id: str) -> Line:
    properties = _properties(node)
    box = _box(properties)
    kind = next(one for one in _classes(node) if one in _LINES)
    return Line(
        line_id=name,
        index=index,
        text=_text(node),
        baseline=_baseline(properties, box),
        polygon=read_points(properties.get("poly")) or corners_around([box] if box else []),
        region_id=region_id,
        kind=node.get(KIND_ATTRIBUTE)
        or ("" if kind in (_LINE, "ocrx_line") else kind.removeprefix("ocr_")),
        direction=stated_direction(node, "dir"),
        custom=node.get(CUSTOM_ATTRIBUTE, ""),
        more_kinds=_more_kinds(node),
    )


def _text(node: etree._Element) -> str:
    words = ["".join(word.itertext()).split() for word in _of_class(node, _WORD)]
    parts = words or ["".join(node.itertext()).split()]
    return " ".join(part for word in parts for part in word)


def _baseline(properties: dict[str, str], box: tuple[float, ...] | None) -> Polyline:
    """Return the straight line that a slope and an offset from the lower left corner state."""
    numbers = properties.get("baseline", "").split()
    # Of turned writing, the numbers hold along the writing.
    if box is None or len(numbers) != 2 or float(properties.get("textangle", "0") or 0) % 360:
        return ()
    slope, offset = (to_number(number, "baseline") for number in numbers)
    left, _, right, bottom = box
    return ((left, bottom + offset), (right, bottom + offset + slope * (right - left)))


def _box(properties: dict[str, str]) -> tuple[float, float, float, float] | None:
    numbers = properties.get("bbox", "").split()
    if not numbers:
        return None
    if len(numbers) != 4:
        raise ValueError(f"bbox {' '.join(numbers)[:40]!r} has not four numbers; correct it")
    left, top, right, bottom = (to_number(number, "bbox") for number in numbers)
    return left, top, right, bottom


def _properties(node: etree._Element) -> dict[str, str]:
    r"""Return the properties in the title of a node.

    Example:
        >>> _properties(etree.XML("<p title='image \"a;b.png\"; bbox 0 0 9 9'/>"))
        {'image': '"a;b.png"', 'bbox': '0 0 9 9'}
    """
    return {found[1]: found[2].strip() for found in _PROPERTY.finditer(node.get("title", ""))}


def _unquoted(text: str) -> str:
    if text[:1] == '"':
        return re.sub(r"\\(.)", r"\1", text.strip('"'))
    return text.strip("'")


def _classes(node: etree._Element) -> list[str]:
    return node.get("class", "").split()


def _of_class(node: etree._Element, *names: str):
    return (one for one in node.iter("*") if not set(names).isdisjoint(_classes(one)))


def _around(node: etree._Element, name: str):
    return (one for one in node.iterancestors() if name in _classes(one))
