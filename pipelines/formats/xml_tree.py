"""Parse XML without entities, external files or network, and read numbers from it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite

from lxml import etree

from schemas.records import Polyline

# Larger than any scan; larger coordinates are errors, and would overflow later.
_LARGEST_COORDINATE = 1e7
# First bytes of other files that are named .xml by mistake.
_NOT_XML = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG": "a PNG image",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"%PDF": "a PDF",
}
_BYTE_ORDER_MARKS = {
    # Before that of UTF-16, which it begins with.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# A declaration in single bytes that says that characters take several bytes each.
_WIDE_DECLARED = re.compile(
    rb"""\s*<\?xml[^>]{0,100}\sencoding\s*=\s*["'](utf-?16|utf-?32|ucs-?[24]|iso-10646-ucs)""", re.I
)
_LATIN_DECLARED = re.compile(
    rb"""\s*<\?xml[^>]{0,100}\sencoding\s*=\s*["'](iso-8859-15?|latin-?1|windows-1252)["']""", re.I
)


def parse_xml(data: bytes) -> etree._Element:
    """Parse an XML file; a DTD that it refers to is not read.

    The limits of lxml stay on: 256 levels, 10 MB per text node, and the expansion of entities
    before they are refused here.

    Args:
        data: Its bytes.

    Returns:
        The root element, without comments and processing instructions.

    Raises:
        ValueError: If it is empty, not well-formed or has entities of its own.

    Example:
        >>> parse_xml(b"<a>x<!-- y --><?z?>&#233;</a>").text
        'xé'
    """
    if not data:
        raise ValueError("file is empty; export it again")
    encoding = _actual_encoding(data)
    for start, kind in _NOT_XML.items():
        if data.startswith(start):
            raise ValueError(f"file is {kind}, not XML; unpack it or put the XML in its place")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding=encoding,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(
            f"XML is not well-formed ({error.msg}); correct it or export it again"
        ) from None
    if _has_entities(root, parser):
        raise ValueError("XML uses entities of its own, which are not resolved; write them out")
    return root


def _actual_encoding(data: bytes) -> str | None:
    """Return the encoding that the first bytes show; None where the declaration is to be trusted.

    A file that was converted from UTF-16 to UTF-8, or back, may still declare what it was.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return encoding
    if _WIDE_DECLARED.match(data) or (_LATIN_DECLARED.match(data) and _is_utf8(data)):
        return "utf-8"
    return None


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8 and not ASCII alone; other text is by no chance."""
    try:
        return not data.decode().isascii()
    except UnicodeDecodeError:
        return False


def _has_entities(root: etree._Element, parser: etree.XMLParser) -> bool:
    """Return whether entities are declared in the file, or used but declared in an external DTD."""
    declared = root.getroottree().docinfo.internalDTD
    if declared is None:
        return False
    # An undeclared entity in an attribute leaves a warning, but no trace in the tree.
    unknown = any(
        entry.type == etree.ErrorTypes.WAR_UNDECLARED_ENTITY for entry in parser.error_log
    )
    return unknown or next(declared.iterentities(), None) is not None


def namespace_of(root: etree._Element) -> str:
    """Return the namespace of an element; empty where it has none.

    Example:
        >>> namespace_of(parse_xml(b'<a xmlns="http://www.loc.gov/standards/alto/ns-v4#"/>'))
        'http://www.loc.gov/standards/alto/ns-v4#'
    """
    return etree.QName(root).namespace or ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child with a local name, in any namespace, or None."""
    return next(children(element, name), None)


def children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Iterate over the children with a local name, in any namespace."""
    return element.iterchildren(f"{{*}}{name}")


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Prefix the errors raised in this context with the name of what is being read."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def to_number(text: str, what: str) -> float:
    """Parse a number that may be a coordinate or size on a page.

    Args:
        text: The number.
        what: What the number is, for the error.

    Returns:
        The number; its magnitude is below 10,000,000.

    Raises:
        ValueError: If it is not such a number.
    """
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{what} {text[:40]!r} is not a number; correct it") from None
    if not abs(number) < _LARGEST_COORDINATE:
        raise ValueError(f"{what} {text[:40]!r} is too large for any page; correct it")
    return number


def read_number(element: etree._Element, name: str, default: float) -> float:
    """Read a number from an attribute.

    Args:
        element: The element.
        name: The attribute.
        default: What to return where there is none.

    Returns:
        The number, finite.

    Raises:
        ValueError: If it is not a number, or too large for any page.

    Example:
        >>> read_number(parse_xml(b'<Page WIDTH="2480.5"/>'), "WIDTH", 0)
        2480.5
    """
    text = element.get(name)
    if text is None:
        return default
    return to_number(text, f"<{etree.QName(element).localname}> {name}")


def read_size(element: etree._Element, name: str, factor: int = 1) -> int:
    """Read a width or height of the page, rounded to whole units; 0 where there is none.

    Args:
        element: The element.
        name: The attribute.
        factor: What the size is multiplied by before it is rounded.

    Returns:
        The size.

    Raises:
        ValueError: If it is not a number, or negative.
    """
    size = read_number(element, name, 0)
    if size < 0:
        raise ValueError(
            f"<{etree.QName(element).localname}> {name} '{element.get(name)}' is negative; "
            "correct it"
        )
    return round(size * factor)


def read_points(text: str | None) -> Polyline:
    """Read a list of points, written 'x,y x,y' or 'x y x y'.

    Args:
        text: The attribute; None for none.

    Returns:
        The points; empty where there is no attribute.

    Raises:
        ValueError: If they are not pairs of finite numbers.

    Example:
        >>> read_points("1,2 3.5,4"), read_points("1 2 3.5 4")
        (((1.0, 2.0), (3.5, 4.0)), ((1.0, 2.0), (3.5, 4.0)))
    """
    try:
        numbers = [float(number) for number in (text or "").replace(",", " ").split()]
    except ValueError:
        raise ValueError(f"points {text[:40]!r} are not numbers; correct the coordinates") from None
    if len(numbers) % 2 or not _are_on_a_page(numbers):
        raise ValueError(f"points {text[:40]!r} are not pairs of pixels; correct the coordinates")
    return tuple(zip(numbers[::2], numbers[1::2]))


def _are_on_a_page(numbers: list[float]) -> bool:
    """Return whether all numbers are finite and in range; much faster than one by one."""
    # NaN may escape `min` and `max`, but not the sum.
    return not numbers or (
        isfinite(sum(numbers))
        and min(numbers) > -_LARGEST_COORDINATE
        and max(numbers) < _LARGEST_COORDINATE
    )
