"""PAGE XML and ALTO: bytes to pages."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.alto import read_alto
from pipelines.formats.detect import NotAPage, read_markup
from pipelines.formats.page_xml import read_page_xml, write_page_xml
from pipelines.formats.xml_tree import parse_xml, read_points
from schemas.records import Line, Page

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/{version}">
  <Metadata/>
  <Page imageFilename="PH 1858-é.jpg" imageWidth="1536" imageHeight="2304">
    <TextRegion id="r1"><Coords points="0,0 9,0 9,9"/>
      <TextLine id="l1">
        <Coords points="726,1052 948,1068 950,1010"/>
        <Baseline points="726,1053 738.5,1053"/>
        <TextEquiv index="1"><Unicode>second guess</Unicode></TextEquiv>
        <TextEquiv index="0"><Unicode>Audience</Unicode></TextEquiv>
      </TextLine>
      <TextLine id="l2"><Coords points="1,1 5,1 5,5"/>
        <Word id="w1"><TextEquiv><Unicode>Du</Unicode></TextEquiv></Word>
        <Word id="w2"><TextEquiv><Unicode>3</Unicode></TextEquiv></Word>
      </TextLine>
    </TextRegion>
    <TextRegion id="r2"><TextLine/></TextRegion>
  </Page>
</PcGts>"""

ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
  <Description><MeasurementUnit>pixel</MeasurementUnit>
    <sourceImageInformation><fileName> f207.jpeg </fileName></sourceImageInformation>
  </Description>
  <Layout><Page WIDTH="1644" HEIGHT="2135"><PrintSpace>
    <TextBlock ID="b1">
      <TextLine ID="l1" BASELINE="99 167 580 163" HPOS="92" VPOS="83" WIDTH="587" HEIGHT="107">
        <Shape><Polygon POINTS="99,167 92,107 114,87"/></Shape>
        <String CONTENT="Je suis"/><SP/><String CONTENT="reçu"/><HYP CONTENT="-"/>
      </TextLine>
      <TextLine ID="l2" BASELINE="240" HPOS="10" VPOS="200" WIDTH="90" HEIGHT="50"/>
    </TextBlock></PrintSpace></Page></Layout>
</alto>"""


@pytest.mark.parametrize("version", ["2013-07-15", "2019-07-15"])
def test_page_xml_gives_lines_texts_and_geometry(version):
    page = read_page_xml(PAGE.format(version=version).encode())
    assert (page.uri, page.width_px, page.height_px) == ("PH 1858-é.jpg", 1536, 2304)
    first, second, third = page.lines
    assert first.text == "Audience" and first.region_id == "r1"
    assert first.baseline == ((726, 1053), (738.5, 1053))
    assert first.polygon == ((726, 1052), (948, 1068), (950, 1010))
    assert (second.text, second.baseline) == ("Du 3", ())
    assert (third.line_id, third.index, third.text, third.region_id) == ("line_3", 2, None, "r2")


def test_alto_gives_lines_texts_and_geometry():
    page = read_alto(ALTO.encode())
    assert (page.uri, page.width_px, page.height_px) == ("f207.jpeg", 1644, 2135)
    first, second = page.lines
    assert first.text == "Je suis reçu-" and first.region_id == "b1"
    assert first.baseline == ((99, 167), (580, 163))
    assert first.polygon == ((99, 167), (92, 107), (114, 87))
    assert second.text is None and second.baseline == ((10, 240), (100, 240))
    assert second.polygon == ((10, 200), (100, 200), (100, 250), (10, 250))


def test_the_format_is_found_by_content():
    assert read_markup(ALTO.encode()).source == "alto"
    assert read_markup(PAGE.format(version="2019-07-15").encode()).source == "page"


@pytest.mark.parametrize(
    ("data", "format_name", "reason"),
    [
        (b"<alto>", "auto", "not well-formed"),
        (b"", "auto", "not well-formed"),
        (b"<html/>", "auto", "<html> is no known format"),
        (ALTO.encode(), "page", "no <Page> of PAGE XML"),
        (PAGE.format(version="2019-07-15").encode(), "alto", "no <Page> of ALTO 4"),
        (ALTO.replace("pixel", "mm10").encode(), "auto", "mm10; export the file in pixels"),
        (PAGE.replace('imageFilename="PH 1858-é.jpg"', "").format(version="2019-07-15").encode(),
         "auto", "no imageFilename"),
        (ALTO.replace("99 167 580 163", "99 x").encode(), "auto", "not numbers"),
        (ALTO.replace("99 167 580 163", "99 167 580").encode(), "auto", "not pairs"),
        (ALTO.replace("99 167 580 163", "99 nan").encode(), "auto", "not pairs"),
        (ALTO.replace('WIDTH="1644"', 'WIDTH="wide"').encode(), "auto", "wide"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(data, format_name, reason):
    with pytest.raises(ValueError, match=reason):
        read_markup(data, format_name)


def test_a_mets_file_beside_the_pages_is_no_page():
    with pytest.raises(NotAPage):
        read_markup(b'<mets xmlns="http://www.loc.gov/METS/"/>')


def test_entities_are_never_resolved(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    data = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]><a>&e;</a>'
    with pytest.raises(ValueError, match="entities of its own"):
        parse_xml(data.encode())


POINTS = st.lists(st.tuples(st.integers(-99, 9999), st.integers(-99, 9999)), min_size=1)
XML_TEXT = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cn", "Co")), max_size=20)


@given(POINTS)
def test_points_are_read_in_both_notations(points):
    expected = tuple((float(x), float(y)) for x, y in points)
    assert read_points(" ".join(f"{x},{y}" for x, y in points)) == expected
    assert read_points(" ".join(f"{x} {y}" for x, y in points)) == expected


@given(st.lists(st.tuples(XML_TEXT.map(str.strip), POINTS, POINTS), max_size=4))
def test_a_written_page_is_read_back(lines):
    page = Page(
        "a b.png",
        tuple(
            Line(f"l{i}", i, text, tuple(baseline), tuple(polygon), "r1")
            for i, (text, baseline, polygon) in enumerate(lines)
        ),
        100,
        200,
        "page",
    )
    assert read_markup(write_page_xml(page, datetime(2026, 1, 2))) == page


def test_real_pages_have_the_lines_their_readme_counts(shared_data):
    count = 0
    for path in sorted((shared_data / "peraire" / "data" / "test").glob("*.xml")):
        page = read_markup(path.read_bytes())
        assert (path.parent / page.uri).is_file()
        count += sum(bool(line.text) for line in page.lines)
    assert count == 262


def test_reading_stops_at_a_cut_off_file():
    data = PAGE.format(version="2019-07-15").encode()
    for end in range(0, len(data) - 1, 97):
        with pytest.raises(ValueError, match="not well-formed"):
            read_markup(data[:end])
