"""Writing detected lines as PAGE XML: valid files that are read back unchanged."""

from dataclasses import replace

import pytest
from lxml import etree

from pipelines.formats.page_xml.write import write_found_lines
from schemas.records import Line, Page
from tests.pipelines.formats.described import read_page_xml
from tests.pipelines.formats.written_pages import ORIGIN, schema

SCHEMA = schema("pagecontent-2019-07-15.xsd")
LINES = tuple(
    Line(
        f"l{i + 1}",
        i,
        baseline=((10.0, y), (50.0, y + 2), (90.0, y)),
        polygon=((10.0, y - 9), (90.0, y - 9), (90.0, y + 4), (10.0, y + 4)),
        region_id=region_id,
    )
    for i, (y, region_id) in enumerate([(20.0, "r1"), (40.0, "r1"), (60.0, "r2")])
)
PAGE = Page("d/a.jpg", LINES, 100, 80, "finder")


def test_lines_regions_and_order_are_read_back():
    read = read_page_xml(write_found_lines(PAGE, ORIGIN))
    assert (read.uri, read.width_px, read.height_px) == ("a.jpg", 100, 80)
    assert read.lines == LINES


def test_the_file_is_valid_and_has_no_text():
    data = write_found_lines(PAGE, ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    assert b"TextEquiv" not in data and b"Unicode" not in data


def test_points_are_rounded():
    line = replace(LINES[0], baseline=((10.4, 19.6), (89.5001, 20.3)))
    (read,) = read_page_xml(write_found_lines(replace(PAGE, lines=(line,)), ORIGIN)).lines
    assert read.baseline == ((10, 20), (90, 20))


def test_a_page_without_lines_is_a_valid_file():
    data = write_found_lines(replace(PAGE, lines=()), ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    assert read_page_xml(data).lines == ()


def test_a_name_that_xml_cannot_contain_is_refused():
    with pytest.raises(ValueError, match="XML compatible"):
        write_found_lines(replace(PAGE, uri="d/a\x01.jpg"), ORIGIN)
