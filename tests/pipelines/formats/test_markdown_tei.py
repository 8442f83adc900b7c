"""Writing TEI and Markdown: structure, places and texts."""

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from pipelines.formats.markdown import write_markdown
from pipelines.formats.page_text import normalise_page
from pipelines.formats.tei.write import write_tei
from tests.pipelines.formats.written_pages import ORIGIN, one_line, pages

BOX = ((100, 100), (500, 100), (500, 140), (100, 140))
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


@given(pages())
@settings(max_examples=40)
def test_every_pointer_of_tei_has_its_place_and_texts_are_kept(page):
    page = normalise_page(page)
    root = etree.fromstring(write_tei([page, page], "title", ORIGIN))
    ids = [node.get(XML_ID) for node in root.iter("*") if node.get(XML_ID)]
    assert len(ids) == len(set(ids))
    assert {node.get("facs")[1:] for node in root.iter("*") if node.get("facs")} <= set(ids)
    # Parsers of XML read a carriage return as a line end.
    texts = [start.tail or "" for start in root.iter("{*}lb")]
    assert texts == [line.text for line in page.lines] * 2


@pytest.mark.skipif("TEI_SCHEMA" not in os.environ, reason="TEI_SCHEMA names no tei_all.rng")
def test_tei_is_valid():
    schema = etree.RelaxNG(etree.parse(os.environ["TEI_SCHEMA"]))
    (line,) = one_line("le maire", BOX).lines
    kinds = replace(
        line.line,
        kind="note:1",
        more_kinds=("b", "c"),
        region_kind="Margin Zone",
        more_region_kinds=("marginalia",),
        custom="ink {c:red;}",
        region_custom="hand {n:b;}",
    )
    page = replace(one_line("", BOX), lines=(line, replace(line, line=kinds)), label="1r")
    schema.assertValid(etree.fromstring(write_tei([normalise_page(page)], "t", ORIGIN, "fr")))


def test_markdown_escapes_what_it_would_read_as_marks():
    page = normalise_page(one_line("- *le* maire_", BOX))
    assert write_markdown([page]) == b"## p.jpg\n\n\\- \\*le\\* maire\\_\n"
