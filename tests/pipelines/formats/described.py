"""Read the single page of a PAGE or ALTO file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipelines.formats.alto.read import alto_pages
from pipelines.formats.boxes import simple_outline, writing_baseline
from pipelines.formats.line_nodes import checked_places
from pipelines.formats.names import only_page
from pipelines.formats.page_text import direction_to_state
from pipelines.formats.page_xml.read import page_xml_pages
from pipelines.formats.xml_tree import parse_xml
from schemas.records import Line, Page


def read_page_xml(data: bytes) -> Page:
    """Read a PAGE XML file."""
    (page,) = page_xml_pages(parse_xml(data))
    return page


def read_alto(data: bytes) -> Page:
    """Read an ALTO file of one page."""
    return only_page(alto_pages(parse_xml(data)))


def as_meant(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return lines with the outlines, baselines and directions that are read for those written."""
    return checked_places(
        [
            replace(
                line,
                polygon=(outline := simple_outline(line.polygon)),
                baseline=writing_baseline(line.baseline, outline),
                direction=direction_to_state(line.text or "", line),
            )
            for line in lines
        ]
    )
