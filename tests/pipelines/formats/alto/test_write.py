"""ALTO: valid, and read back as it was."""

from dataclasses import replace

from hypothesis import given, settings
from lxml import etree

from pipelines.formats.alto.write import write_alto
from pipelines.formats.page_text import settle
from tests.pipelines.formats.described import read_alto
from tests.pipelines.formats.written_pages import ORIGIN, one_line, pages, plain_pages, schema

SCHEMA = schema("alto-4-3.xsd")
BOX = ((100, 100), (500, 100), (500, 140), (100, 140))


@given(pages())
@settings(max_examples=50)
def test_every_page_is_valid_and_keeps_its_texts(page):
    settled = settle(page)
    data = write_alto(settled, ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    assert [line.text for line in read_alto(data).lines] == [line.text for line in settled.lines]


@given(plain_pages())
def test_what_is_written_is_read_again(page):
    read = read_alto(write_alto(settle(page), ORIGIN))
    assert (read.uri, read.width_px, read.height_px) == ("p.jpg", page.width_px, page.height_px)
    assert list(read.lines) == [replace(line.line, text=line.text) for line in page.lines]


def test_words_have_places_and_confidences():
    page = one_line("ab cde", BOX, ((100, 130), (500, 130)), (1, 0.5, 0.9, 0, 0.25, 0.5))
    root = etree.fromstring(write_alto(settle(page), ORIGIN))
    first, second = (dict(string.attrib) for string in root.iterfind(".//{*}String"))
    assert first == {
        "CONTENT": "ab",
        "HPOS": "100",
        "VPOS": "100",
        "WIDTH": "133",
        "HEIGHT": "40",
        "WC": "0.7500",
        "CC": "0 4",
    }
    assert (second["HPOS"], second["WIDTH"], second["CC"]) == ("300", "200", "9 7 4")
    assert len(list(root.iterfind(".//{*}SP"))) == 1
    assert root.find(".//{*}TextLine").get("BASELINE") == "100,130 500,130"


def test_a_page_of_several_has_its_number():
    page = settle(replace(one_line("x", BOX), uri="d/scan.pdf#page=3"))
    data = write_alto(page, ORIGIN)
    assert etree.fromstring(data).find(".//{*}Page").get("PHYSICAL_IMG_NR") == "3"
    assert read_alto(data).uri == "scan.pdf#page=3"


def test_version_and_origin_are_said():
    root = etree.fromstring(write_alto(settle(one_line("", BOX)), ORIGIN))
    assert root.get("SCHEMAVERSION") == "4.4"
    assert root.findtext(".//{*}softwareName") == "Quire"
    assert root.findtext(".//{*}softwareVersion") == "1.2"
    assert root.findtext(".//{*}processingStepSettings") == "model abc"
