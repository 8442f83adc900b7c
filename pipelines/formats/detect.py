"""Which reader reads a file: by content, unless told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from pipelines.formats import alto, page_xml
from pipelines.formats.xml_tree import namespace_of, parse_xml
from schemas.records import Page


@dataclass(frozen=True)
class MarkupFormat:
    """A page description in XML.

    Attributes:
        recognises: Tells a tree of this format by its root.
        read: Reads a file of this format.
    """

    recognises: Callable[[etree._Element], bool]
    read: Callable[[bytes], Page]


MARKUP_FORMATS = {
    "alto": MarkupFormat(alto.recognises, alto.read_alto),
    "page": MarkupFormat(page_xml.recognises, page_xml.read_page_xml),
}

# XML files that stand beside pages and describe none.
_COMPANION_NAMESPACES = ("http://www.loc.gov/METS/",)


class NotAPage(ValueError):
    """The file is sound but describes no page."""


def read_markup(data: bytes, format_name: str = "auto") -> Page:
    """Read a page description.

    Args:
        data: The file.
        format_name: 'auto', or the format to read it as.

    Returns:
        The page; its `uri` is the image file name as the file has it.

    Raises:
        NotAPage: If it is an XML file of a kind that is left out on purpose.
        ValueError: If it cannot be read.
    """
    if format_name != "auto":
        return MARKUP_FORMATS[format_name].read(data)
    root = parse_xml(data)
    for markup in MARKUP_FORMATS.values():
        if markup.recognises(root):
            return markup.read(data)
    if namespace_of(root) in _COMPANION_NAMESPACES:
        raise NotAPage(f"<{etree.QName(root).localname}> describes no page")
    raise ValueError(
        f"<{etree.QName(root).localname}> is no known format; "
        f"give --format one of {', '.join(MARKUP_FORMATS)} or take the file out"
    )
