"""Read the single page of a PAGE or ALTO file."""

from __future__ import annotations

from pipelines.formats.alto.read import alto_pages
from pipelines.formats.names import only_page
from pipelines.formats.page_xml.read import page_xml_pages
from pipelines.formats.xml_tree import parse_xml
from schemas.records import Page


def read_page_xml(data: bytes) -> Page:
    """Read a PAGE XML file."""
    (page,) = page_xml_pages(parse_xml(data))
    return page


def read_alto(data: bytes) -> Page:
    """Read an ALTO file of one page."""
    return only_page(alto_pages(parse_xml(data)))
