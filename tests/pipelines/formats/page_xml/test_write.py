"""Writing PAGE XML: valid files that are read back unchanged."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from pipelines.formats.page_text import normalise_page
from pipelines.formats.page_xml.write import (
    VERSIONS,
    write_description,
    write_found_lines,
    write_page,
)
from schemas.records import Page
from tests.pipelines.formats.described import as_meant, read_page_xml
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

SCHEMA = schema("pagecontent-2019-07-15.xsd")
BOX = ((1, 1), (9, 1), (9, 9))


@given(pages())
@settings(max_examples=50)
def test_every_page_is_valid(page):
    SCHEMA.assertValid(etree.fromstring(write_page(normalise_page(page), ORIGIN)))


@given(plain_pages())
def test_written_pages_are_read_back(page):
    expected = as_meant(replace(line.line, text=line.text) for line in page.lines)
    for version in VERSIONS:
        read = read_page_xml(write_page(normalise_page(page), ORIGIN, version))
        assert (read.uri, read.width_px, read.height_px) == ("p.jpg", page.width_px, page.height_px)
        assert read.lines == expected


@given(pages())
@settings(max_examples=50)
def test_order_and_texts_are_kept_with_any_ids(page):
    normalised = normalise_page(page)
    texts = [line.text for line in normalised.lines]
    assert [line.text for line in read_page_xml(write_page(normalised, ORIGIN)).lines] == texts


def test_the_older_version_differs_only_in_its_namespace():
    page = normalise_page(one_line("x", BOX))
    new, old = (write_page(page, ORIGIN, version) for version in VERSIONS)
    assert old == new.replace(b"2019-07-15", b"2013-07-15")


def test_confidence_origin_and_time_are_written():
    root = etree.fromstring(write_page(normalise_page(one_line("x", BOX)), ORIGIN))
    assert root.find(".//{*}TextEquiv").get("conf") == "0.7500"
    assert root.findtext(".//{*}Creator") == "Quire 1.2"
    assert root.findtext(".//{*}Created") == "2026-01-02T03:04:05Z"
    assert root.findtext(".//{*}Comments") == "model abc"


def test_a_region_is_split_to_keep_the_reading_order():
    (line,) = one_line("x", BOX).lines
    lines = tuple(
        replace(line, text=text, line=replace(line.line, line_id=text, region_id=region))
        for text, region in (("a", "r1"), ("b", "r2"), ("c", "r1"))
    )
    read = read_page_xml(
        write_page(normalise_page(replace(one_line("", BOX), lines=lines)), ORIGIN)
    )
    assert [line.text for line in read.lines] == ["a", "b", "c"]
    assert [line.region_id for line in read.lines] == ["r1", "r2", "r1_2"]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ('d/a"&<.jpg', 'a"&<.jpg'),
        # Programs look for a file of that name.
        ("d/scan.pdf#page=3", "scan.pdf"),
        ("https://a.org/iiif/canvas/p3", "p3.jpg"),
    ],
)
def test_the_image_keeps_its_name(uri, name):
    page = normalise_page(replace(one_line("x", BOX), uri=uri))
    assert read_page_xml(write_page(page, ORIGIN)).uri == name


@given(pages_with_tables(ascending=False))
@settings(max_examples=40)
def test_tables_are_read_back_in_their_order(page):
    expected = tuple(replace(line.line, text=line.text) for line in page.lines)
    for version in VERSIONS:
        data = write_page(page, ORIGIN, version)
        assert read_page_xml(data).lines == expected
        if version == VERSIONS[0]:
            SCHEMA.assertValid(etree.fromstring(data))


@given(pages_with_tables(ascending=True))
@settings(max_examples=40)
def test_tables_of_found_and_described_lines_are_read_back(page):
    lines = tuple(line.line for line in page.lines)
    for write in (write_found_lines, write_description):
        data = write(Page("d/p.jpg", lines, 100, 100), ORIGIN)
        SCHEMA.assertValid(etree.fromstring(data))
        assert read_page_xml(data).lines == lines


def test_a_table_is_one_region_of_the_reading_order():
    (line,) = one_line("x", BOX).lines
    cells = [replace(line, line=replace(line.line, row=0, column=column)) for column in (0, 3)]
    page = normalise_page(replace(one_line("", BOX), lines=tuple(cells)))
    root = etree.fromstring(write_page(page, ORIGIN))
    (table,) = root.iter("{*}TableRegion")
    (group,) = root.iter("{*}OrderedGroupIndexed")
    assert table.get("id") == group.get("regionRef") == "r1"
    roles = [dict(role.attrib) for role in table.iter("{*}TableCellRole")]
    assert roles == [{"rowIndex": "0", "columnIndex": c} for c in ("0", "3")]


PAGE_DIRECTIONS = {None: None, "ltr": "left-to-right", "rtl": "right-to-left"}


@pytest.mark.parametrize(("text", "stated", "written"), DIRECTIONS)
def test_the_direction_of_lines_is_written(text, stated, written):
    data = write_page(normalise_page(stated_line(text, stated)), ORIGIN)
    assert (
        etree.fromstring(data).find(".//{*}TextLine").get("readingDirection")
        == PAGE_DIRECTIONS[written]
    )


def escriptorium_page(data):
    """Read a file as eScriptorium's importer does (by its source): text, baseline, mask, kind."""
    root = etree.fromstring(data)
    namespace = root.nsmap[None]
    location = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
    assert location.split(" ")[-1] == f"{namespace}/pagecontent.xsd"
    names = {None: namespace}

    def pairs(node):
        return tuple(tuple(map(int, one.split(","))) for one in node.get("points").split(" "))

    return [
        (
            " ".join(one.text or "" for one in line.findall("Word/TextEquiv/Unicode", names)),
            pairs(line.find("Baseline", names)),
            pairs(line.find("Coords", names)),
            (re.findall(r"structure\s?{.*?type:\s?(.+);", line.get("custom", "")) or [""])[0],
        )
        for block in root.findall("Page/TextRegion", names)
        for line in block.findall("TextLine", names)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_importer_of_escriptorium_takes_every_line(version):
    (line,) = one_line("le maire", BOX, ((1, 8), (9, 8))).lines
    first = replace(line.line, kind="note", custom="hand {name:b;}", row=0, column=0)
    second = replace(line, line=replace(first, line_id="l2", column=1, custom=""), text="oui")
    lines = (replace(line, line=first), second)
    page = normalise_page(replace(one_line("", BOX), lines=lines))
    data = write_page(page, ORIGIN, version, nests_tables=False)
    place = ((1, 8), (9, 8)), BOX, "note"
    assert escriptorium_page(data) == [("le maire", *place), ("oui", *place)]
    assert [one.column for one in read_page_xml(data).lines] == [0, 1]
    assert read_page_xml(data).lines[0].custom == "hand {name:b;}"


def test_regions_have_text_and_lines_have_words():
    (line,) = one_line("ab cd", BOX, (), (1, 0.5, 0.5, 0.5, 0.5)).lines
    lines = (line, replace(line, line=replace(line.line, line_id="l2"), text="ef"))
    data = write_page(normalise_page(replace(one_line("", BOX), lines=lines)), ORIGIN)
    root = etree.fromstring(data)
    SCHEMA.assertValid(root)
    assert root.findtext(".//{*}TextRegion/{*}TextEquiv/{*}Unicode") == "ab cd\nef"
    words = root.findall(".//{*}Word")
    assert [word.findtext("{*}TextEquiv/{*}Unicode") for word in words] == ["ab", "cd", "ef"]
    assert words[0].find("{*}TextEquiv").get("conf") == "0.7500"


@pytest.mark.parametrize(("kind", "stated"), [("marginalia", "marginalia"), ("MainZone", None)])
def test_kinds_of_regions_are_stated_as_the_schema_knows_them(kind, stated):
    (line,) = one_line("x", BOX).lines
    lines = (replace(line, line=replace(line.line, region_kind=kind)),)
    data = write_page(normalise_page(replace(one_line("", BOX), lines=lines)), ORIGIN)
    SCHEMA.assertValid(etree.fromstring(data))
    assert etree.fromstring(data).find(".//{*}TextRegion").get("type") == stated
    assert read_page_xml(data).lines[0].region_kind == kind
