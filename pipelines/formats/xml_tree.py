"""XML into a tree, without entities, external files or network."""

from __future__ import annotations

from lxml import etree

from schemas.records import Polyline


def parse_xml(data: bytes) -> etree._Element:
    """Parse an XML file.

    Args:
        data: Its bytes.

    Returns:
        The root element.

    Raises:
        ValueError: If it is not well-formed or uses entities of its own.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"XML is not well-formed ({error.msg}); mend or export it anew") from None
    if next(root.iter(etree.Entity), None) is not None:
        raise ValueError("XML uses entities of its own, which are not resolved; write them out")
    return root


def namespace_of(root: etree._Element) -> str:
    """Tell the namespace of an element; empty where it has none.

    Example:
        >>> namespace_of(parse_xml(b'<a xmlns="http://www.loc.gov/standards/alto/ns-v4#"/>'))
        'http://www.loc.gov/standards/alto/ns-v4#'
    """
    return etree.QName(root).namespace or ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Find the first child of a local name, in any namespace."""
    return next(children(element, name), None)


def children(element: etree._Element, name: str):
    """Iterate over the children of a local name, in any namespace."""
    return element.iterchildren(f"{{*}}{name}")


def read_points(text: str | None) -> Polyline:
    """Read a list of points, written 'x,y x,y' or 'x y x y'.

    Args:
        text: The attribute; None for none.

    Returns:
        The points; empty for none.

    Raises:
        ValueError: If it is not pairs of finite numbers.

    Example:
        >>> read_points("1,2 3.5,4"), read_points("1 2 3.5 4")
        (((1.0, 2.0), (3.5, 4.0)), ((1.0, 2.0), (3.5, 4.0)))
    """
    try:
        numbers = [float(number) for number in (text or "").replace(",", " ").split()]
    except ValueError:
        raise ValueError(f"points {text[:40]!r} are not numbers; mend the coordinates") from None
    if len(numbers) % 2 or not all(abs(number) < 1e7 for number in numbers):
        raise ValueError(f"points {text[:40]!r} are not pairs of pixels; mend the coordinates")
    return tuple(zip(numbers[::2], numbers[1::2]))
