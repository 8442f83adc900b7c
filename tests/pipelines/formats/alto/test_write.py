"""Writing ALTO: valid files that are read back unchanged."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from pipelines.formats.alto.write import write_alto
from pipelines.formats.page_text import as_stored, normalise_page
from tests.pipelines.formats.described import as_meant, read_alto
from tests.pipelines.formats.written_pages import (
    DIRECTIONS,
    ORIGIN,
    one_line,
    pages,
    pages_with_tables,
    plain_pages,
    schema,
    stated_line,
)

SCHEMA = schema("alto-4-3.xsd")
BOX = ((100, 100), (500, 100), (500, 140), (100, 140))


@given(pages())
@settings(max_examples=50)
def test_every_page_is_valid_and_keeps_its_texts(page):
    normalised = normalise_page(page)
    data = write_alto(normalised, ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    assert [line.text for line in read_alto(data).lines] == [line.text for line in normalised.lines]


@given(plain_pages())
def test_written_pages_are_read_back(page):
    read = read_alto(write_alto(normalise_page(page), ORIGIN))
    assert (read.uri, read.width_px, read.height_px) == ("p.jpg", page.width_px, page.height_px)
    assert read.lines == as_meant(replace(line.line, text=line.text) for line in page.lines)


def test_words_have_boxes_and_confidences():
    page = one_line("ab cde", BOX, ((100, 130), (500, 130)), (1, 0.5, 0.9, 0, 0.25, 0.5))
    root = etree.fromstring(write_alto(normalise_page(page), ORIGIN))
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
    assert root.find(".//{*}TextLine").get("BASELINE") == "100 130 500 130"


@pytest.mark.parametrize(
    ("facts", "number", "name"),
    [
        ({"uri": "d/scan.pdf#page=3"}, "3", "scan.pdf"),
        ({"uri": "d/p7.jpg", "document": "d/mets.xml", "place": 6}, "7", "p7.jpg"),
        ({"uri": "d/p7.jpg", "place": 6}, "1", "p7.jpg"),
        ({"uri": "https://a.org/canvas/7", "document": "https://a.org/m"}, "1", "7.jpg"),
    ],
)
def test_a_page_has_its_number_and_the_name_of_its_file(facts, number, name):
    page = normalise_page(replace(one_line("x", BOX), **facts))
    data = write_alto(page, ORIGIN)
    assert etree.fromstring(data).find(".//{*}Page").get("PHYSICAL_IMG_NR") == number
    assert read_alto(data).uri == name


def test_the_importer_of_escriptorium_takes_every_line():
    page = normalise_page(one_line("le maire", BOX, ((100, 130), (500, 128))))
    data = write_alto(page, ORIGIN)
    assert escriptorium_alto(data) == [
        ("le maire", ((100, 130), (500, 128)), BOX),
    ]


def escriptorium_alto(data):
    """Read a file as eScriptorium's importer does (by its source): text, baseline, mask."""
    root = etree.fromstring(data)
    location = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
    versions = ("alto.xsd", "alto-4-0.xsd", "alto-4-1.xsd", "alto-4-2.xsd")
    accepted = [f"http://www.loc.gov/standards/alto/v4/{name}" for name in versions]
    assert location.split(" ")[-1] in accepted
    names = {None: "http://www.loc.gov/standards/alto/ns-v4#"}

    def pairs(text):
        numbers = [float(number) for number in text.split(" ")]
        return tuple(zip(numbers[::2], numbers[1::2]))

    return [
        (
            " ".join(one.get("CONTENT") for one in line.findall("String", names)),
            pairs(line.get("BASELINE")),
            pairs(line.find("Shape/Polygon", names).get("POINTS")),
        )
        for block in root.findall("Layout/Page/PrintSpace//TextBlock", names)
        for line in block.findall("TextLine", names)
    ]


KINDS = {"kind": "MarginTextZone:note", "region_kind": "marginalia"}


def test_kinds_of_lines_and_regions_are_read_back():
    (line,) = one_line("x", BOX).lines
    page = replace(one_line("", BOX), lines=(replace(line, line=replace(line.line, **KINDS)),))
    data = write_alto(normalise_page(page), ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    (read,) = read_alto(data).lines
    assert {name: getattr(read, name) for name in KINDS} == KINDS


def test_points_of_a_turned_photograph_name_their_frame():
    page = replace(one_line("x", BOX), orientation=6)
    shown, stored = (
        etree.fromstring(write_alto(one, ORIGIN))
        for one in (normalise_page(page), as_stored(normalise_page(page)))
    )
    for root, size, note in ((shown, "1000", "as shown"), (stored, "500", "as stored")):
        assert root.find(".//{*}Page").get("WIDTH") == size
        assert note in root.findtext(".//{*}processingStepSettings")


def test_version_and_origin_are_written():
    root = etree.fromstring(write_alto(normalise_page(one_line("", BOX)), ORIGIN))
    assert root.get("SCHEMAVERSION") == "4.4"
    assert root.findtext(".//{*}softwareName") == "Quire"
    assert root.findtext(".//{*}softwareVersion") == "1.2"
    assert root.findtext(".//{*}processingStepSettings") == "model abc"


@given(pages_with_tables(ascending=True))
@settings(max_examples=40)
def test_tables_are_read_back(page):
    data = write_alto(page, ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    assert read_alto(data).lines == tuple(replace(x.line, text=x.text) for x in page.lines)


@given(pages_with_tables(ascending=False))
@settings(max_examples=40)
def test_tables_in_another_order_keep_it(page):
    data = write_alto(page, ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    places = [[(x.line_id, x.row, x.column) for x in lines] for lines in (
        read_alto(data).lines, [one.line for one in page.lines])]  # fmt: skip
    assert places[0] == places[1]


@pytest.mark.parametrize(("text", "stated", "written"), DIRECTIONS)
def test_the_direction_of_lines_is_written(text, stated, written):
    data = write_alto(normalise_page(stated_line(text, stated)), ORIGIN)
    assert etree.fromstring(data).find(".//{*}TextLine").get("BASEDIRECTION") == written
