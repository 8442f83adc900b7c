"""Read forms of the IAM database in XML: handwritten lines with the boxes of their ink."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO
from xml.sax.saxutils import unescape

from lxml import etree

from pipelines.formats.boxes import corners_around
from pipelines.formats.iam.files import (
    NOT_IN_SPLIT_LIST,
    find_splits,
    form_image_candidates,
    form_of,
    line_image_candidates,
)
from pipelines.formats.source import Files
from pipelines.formats.xml_tree import child, children, naming, parse_xml, read_size, to_number
from schemas.records import Failure, Line, Page, Polyline, Skipped

_LARGEST_FORM_BYTES = 1 << 26
_SIDES = ("x", "y", "width", "height")
_ROOT = re.compile(rb"<(?:\?xml\b|form[\s>])")
_FORM = re.compile(rb"<form[\s>]")
# Characters that the database escapes twice.
_QUOTES = {"&quot;": '"', "&apos;": "'"}


def is_form(head: bytes) -> bool:
    """Return whether a file is the XML of a form, by its first bytes.

    Example:
        >>> is_form(b'<?xml version="1.0"?><form id="a01-000u">')
        True
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return bool(_ROOT.match(start) and _FORM.search(start))


def parse_form(data: bytes) -> tuple[Page, list[Failure]]:
    """Read the handwritten lines of a form.

    Args:
        data: The XML file.

    Returns:
        A page whose `document` is the identifier of the form (empty where it has none) and
        whose `uri` is empty; and the lines that cannot be read. The polygon of a line is the
        box around its components, empty for a line without any.

    Raises:
        ValueError: If it is not an IAM form.

    Example:
        >>> page, _ = parse_form(b'''<form id="a01-000u" writer-id="000"><handwritten-part>
        ... <line id="a01-000u-00" text="&amp;quot;A MOVE"><word><cmp x="3" y="4" width="5"
        ... height="6"/></word></line></handwritten-part></form>''')
        >>> page.lines[0].text, page.lines[0].polygon[2], page.writer
        ('"A MOVE', (8.0, 10.0), '000')
    """
    root = parse_xml(data)
    handwritten = child(root, "handwritten-part")
    if etree.QName(root).localname != "form" or handwritten is None:
        raise ValueError(
            "no <form> with a <handwritten-part>; set --format to the format of the file"
        )
    read = [_line(node, i) for i, node in enumerate(children(handwritten, "line"))]
    page = Page(
        uri="",
        lines=tuple(line for line in read if isinstance(line, Line)),
        width_px=read_size(root, "width"),
        height_px=read_size(root, "height"),
        source="iam",
        document=root.get("id", ""),
        writer=root.get("writer-id", ""),
    )
    return page, [line for line in read if isinstance(line, Failure)]


def read_form(uri: str, file: BinaryIO, files: Files) -> Iterator[Page | Failure | Skipped]:
    """Read a form as one page, or as single lines where only line images exist.

    Args:
        uri: The XML file.
        file: The same file, opened.
        files: Finds images and split lists.

    Yields:
        The page or pages, and failures and skipped lines.

    Raises:
        ValueError: If it is not an IAM form, or the lists contradict each other.
    """
    data = file.read(_LARGEST_FORM_BYTES + 1)
    if len(data) > _LARGEST_FORM_BYTES:
        raise ValueError(f"{uri}: larger than {_LARGEST_FORM_BYTES} bytes; it is not an IAM form")
    with naming(uri):
        form, failures = parse_form(data)
        form_id = form_of(form.document or posixpath.basename(uri).rsplit(".", 1)[0])
        splits = find_splits(uri, files)
    form = replace(form, document=form_id, split=splits.split_of(form_id))
    for failure in failures:
        yield replace(failure, uri=f"{uri}#{failure.line_id}", line_id="")
    left_out = [line for line in form.lines if splits.leaves_out(line.line_id)]
    for line in left_out:
        yield Skipped(f"{uri}#{line.line_id}", NOT_IN_SPLIT_LIST)
    kept = replace(form, lines=tuple(line for line in form.lines if line not in left_out))
    if not kept.lines:
        yield Skipped(uri, "form has no handwritten line to read")
        return
    image_uri = files.first_existing(form_image_candidates(uri, form_id))
    yield from (
        _single_lines(uri, kept, files) if image_uri is None else _whole_form(uri, kept, image_uri)
    )


def _whole_form(uri: str, form: Page, image_uri: str) -> Iterator[Page | Failure]:
    for line in form.lines:
        if not line.polygon:
            error = f"line {line.line_id} has no <cmp> that locates it; add one"
            yield Failure(f"{uri}#{line.line_id}", "read", error)
    located = tuple(line for line in form.lines if line.polygon)
    yield replace(form, uri=image_uri, lines=located)


def _single_lines(uri: str, form: Page, files: Files) -> Iterator[Page | Failure]:
    for line in form.lines:
        image_uri = files.first_existing(line_image_candidates(uri, line.line_id))
        if image_uri is None:
            error = (
                f"neither the form image {form.document}.png nor the line image {line.line_id}.png "
                "exists; put one into forms/ or lines/"
            )
            yield Failure(f"{uri}#{line.line_id}", "pair", error)
            continue
        cut = replace(line, index=0, polygon=())
        yield replace(form, uri=image_uri, lines=(cut,), width_px=0, height_px=0)


def _line(node: etree._Element, index: int) -> Line | Failure:
    line_id, text = node.get("id", ""), node.get("text")
    try:
        form_of(line_id)
        polygon = _box(node)
    except ValueError as error:
        name = line_id or f"line_{index + 1}"
        return Failure("", "read", f"line {name}: {error}", name)
    return Line(
        line_id=line_id,
        index=index,
        text=None if text is None else unescape(text, _QUOTES),
        polygon=polygon,
    )


def _box(node: etree._Element) -> Polyline:
    """Return the box around the components of a line."""
    boxes = []
    for component in node.iter("{*}cmp"):
        left, top, width, height = (
            to_number(component.get(name, ""), f"<cmp> {name}") for name in _SIDES
        )
        boxes.append((left, top, left + width, top + height))
    return corners_around(boxes)
