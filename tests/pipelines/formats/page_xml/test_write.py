"""PAGE XML: valid, and read back as it was."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from pipelines.formats.page_text import settle
from pipelines.formats.page_xml.write import VERSIONS, write_page
from tests.pipelines.formats.described import read_page_xml
from tests.pipelines.formats.written_pages import ORIGIN, one_line, pages, plain_pages, schema

SCHEMA = schema("pagecontent-2019-07-15.xsd")
BOX = ((1, 1), (9, 1), (9, 9))


@given(pages())
@settings(max_examples=50)
def test_every_page_is_valid(page):
    SCHEMA.assertValid(etree.fromstring(write_page(settle(page), ORIGIN)))


@given(plain_pages())
def test_what_is_written_is_read_again(page):
    expected = [replace(line.line, text=line.text) for line in page.lines]
    for version in VERSIONS:
        read = read_page_xml(write_page(settle(page), ORIGIN, version))
        assert (read.uri, read.width_px, read.height_px) == ("p.jpg", page.width_px, page.height_px)
        assert list(read.lines) == expected


@given(pages())
@settings(max_examples=50)
def test_order_and_texts_survive_whatever_the_ids_are(page):
    settled = settle(page)
    texts = [line.text for line in settled.lines]
    assert [line.text for line in read_page_xml(write_page(settled, ORIGIN)).lines] == texts


def test_the_older_version_differs_by_its_namespace_alone():
    page = settle(one_line("x", BOX))
    new, old = (write_page(page, ORIGIN, version) for version in VERSIONS)
    assert old == new.replace(b"2019-07-15", b"2013-07-15")


def test_confidence_origin_and_time_are_said():
    root = etree.fromstring(write_page(settle(one_line("x", BOX)), ORIGIN))
    assert root.find(".//{*}TextEquiv").get("conf") == "0.7500"
    assert root.findtext(".//{*}Creator") == "Quire 1.2"
    assert root.findtext(".//{*}Created") == "2026-01-02T03:04:05Z"
    assert root.findtext(".//{*}Comments") == "model abc"


def test_a_region_that_is_entered_again_is_parted_to_keep_the_order():
    (line,) = one_line("x", BOX).lines
    lines = tuple(
        replace(line, text=text, line=replace(line.line, line_id=text, region_id=region))
        for text, region in (("a", "r1"), ("b", "r2"), ("c", "r1"))
    )
    read = read_page_xml(write_page(settle(replace(one_line("", BOX), lines=lines)), ORIGIN))
    assert [line.text for line in read.lines] == ["a", "b", "c"]
    assert [line.region_id for line in read.lines] == ["r1", "r2", "r1_2"]


@pytest.mark.parametrize("uri", ["d/scan.pdf#page=3", 'd/a"&<.jpg'])
def test_the_image_keeps_its_name(uri):
    page = settle(replace(one_line("x", BOX), uri=uri))
    assert read_page_xml(write_page(page, ORIGIN)).uri == uri.removeprefix("d/")
