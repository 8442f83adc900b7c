"""Reading PAGE XML, also as written by `write_description`."""

import random
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.reading_order import custom_value, structure_custom
from pipelines.formats.page_xml.write import write_description
from schemas.records import Line, Page
from tests.pipelines.formats.described import as_meant, read_page_xml

PREFIX = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
CREATED = datetime(2026, 1, 2)

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


def page_of(body, version="2019-07-15", attributes='imageFilename="a.jpg"'):
    """Read a page with some content."""
    return read_page_xml(
        f'<PcGts xmlns="{PREFIX}{version}"><Page {attributes}>{body}</Page></PcGts>'.encode()
    )


def line(name, custom="", content=""):
    return f'<TextLine id="{name}" custom="{custom}">{content}</TextLine>'


def region(name, *content, attributes=""):
    return f'<TextRegion id="{name}" {attributes}>{"".join(content)}</TextRegion>'


def order(page):
    """Return the ids of the lines in reading order, which must be that of their index."""
    assert [one.index for one in page.lines] == list(range(len(page.lines)))
    return " ".join(one.line_id for one in page.lines)


@pytest.mark.parametrize("version", ["2013-07-15", "2016-07-15", "2019-07-15", "2024-07-15"])
def test_lines_texts_and_geometry(version):
    page = read_page_xml(PAGE.format(version=version).encode())
    assert (page.uri, page.width_px, page.height_px) == ("PH 1858-é.jpg", 1536, 2304)
    first, second, third = page.lines
    assert first.text == "Audience" and first.region_id == "r1"
    assert first.baseline == ((726, 1053), (738.5, 1053))
    assert first.polygon == ((726, 1052), (948, 1068), (950, 1010))
    assert (second.text, second.baseline) == ("Du 3", ())
    assert (third.line_id, third.index, third.text, third.region_id) == ("line_3", 2, None, "r2")


@pytest.mark.parametrize(
    ("equivalents", "text"),
    [
        # Without an index a prediction was put before or after the truth.
        ("<TextEquiv index='1'>{b}</TextEquiv><TextEquiv>{a}</TextEquiv>", "b"),
        ("<TextEquiv>{b}</TextEquiv><TextEquiv index='0'>{a}</TextEquiv>", "a"),
        ("<TextEquiv index='1'>{b}</TextEquiv><TextEquiv/><TextEquiv index='0'>{a}</TextEquiv>",
         "a"),
        # The text of a line may be empty where its words have texts.
        ("<Word><TextEquiv>{a}</TextEquiv></Word><Word><TextEquiv>{b}</TextEquiv></Word>"
         "<TextEquiv><Unicode/></TextEquiv>", "a b"),
        ("<Word><TextEquiv>{b}</TextEquiv></Word><TextEquiv><Unicode> </Unicode></TextEquiv>",
         "b"),
        ("<Word><TextEquiv>{b}</TextEquiv></Word><TextEquiv>{a}</TextEquiv>", "a"),
        ("<Word><TextEquiv><Unicode/></TextEquiv></Word><TextEquiv><Unicode/></TextEquiv>", ""),
        ("<TextEquiv index='10'>{b}</TextEquiv><TextEquiv index='9'>{a}</TextEquiv>", "a"),
        ("<TextEquiv>{a}</TextEquiv><TextEquiv>{b}</TextEquiv>", "a"),
        ("<TextEquiv index='0'><PlainText>x</PlainText></TextEquiv>"
         "<TextEquiv index='1'>{a}</TextEquiv>", "a"),
        ("<TextEquiv><Unicode/></TextEquiv>", ""),
        ("<TextEquiv><Unicode>a<!-- c --><?p i?><![CDATA[<b>]]></Unicode></TextEquiv>", "a<b>"),
        ("<TextEquiv><Unicode>a<sup>2</sup>b</Unicode></TextEquiv>", "a2b"),
        ("", None),
    ],
)  # fmt: skip
def test_the_text_is_the_equivalent_of_lowest_index(equivalents, text):
    content = equivalents.format(a="<Unicode>a</Unicode>", b="<Unicode>b</Unicode>")
    assert page_of(region("r", line("l", content=content))).lines[0].text == text


REGIONS = region("r1", line("a"), line("b")) + region("r2", line("c")) + region("r3", line("d"))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("", "a b c d"),
        ("<OrderedGroup><RegionRefIndexed index='1' regionRef='r1'/>"
         "<RegionRefIndexed index='0' regionRef='r3'/></OrderedGroup>", "d a b c"),
        ("<OrderedGroup><RegionRefIndexed index='10' regionRef='r1'/>"
         "<RegionRefIndexed index='9' regionRef='r3'/>"
         "<RegionRefIndexed index='2' regionRef='r2'/></OrderedGroup>", "c d a b"),
        ("<UnorderedGroup><RegionRef regionRef='r2'/><RegionRef regionRef='r1'/>"
         "</UnorderedGroup>", "c a b d"),
        ("<OrderedGroup><RegionRefIndexed index='2' regionRef='r1'/>"
         "<UnorderedGroupIndexed index='1'><RegionRef regionRef='r3'/>"
         "<OrderedGroup><RegionRefIndexed index='0' regionRef='r2'/></OrderedGroup>"
         "</UnorderedGroupIndexed></OrderedGroup>", "d c a b"),
        ("<OrderedGroup><OrderedGroupIndexed index='0' regionRef='r2'/>"
         "<RegionRefIndexed index='1' regionRef='nowhere'/></OrderedGroup>", "c a b d"),
        (
            "<UnorderedGroup><RegionRef regionRef='r3'/><RegionRef regionRef='r1'/>"
            "<RegionRef regionRef='r3'/></UnorderedGroup>",
            "d a b c",
        ),
        ("<OrderedGroup/>", "a b c d"),
    ],
)  # fmt: skip
def test_the_reading_order_sorts_its_regions_before_the_others(groups, expected):
    page = page_of(f"<ReadingOrder>{groups}</ReadingOrder>{REGIONS}")
    assert order(page) == expected


def test_a_nested_region_has_its_own_place_or_that_of_the_outer_one():
    nested = region("r1", region("r1a", line("b")), line("a")) + region("r2", line("c"))
    refs = (
        "<RegionRefIndexed index='0' regionRef='r2'/><RegionRefIndexed index='1' regionRef='r1'/>"
    )
    read = "<ReadingOrder><OrderedGroup>{}</OrderedGroup></ReadingOrder>{}"
    assert order(page_of(read.format(refs, nested))) == "c b a"
    refs += "<RegionRefIndexed index='2' regionRef='r1a'/>"
    page = page_of(read.format(refs, nested))
    assert order(page) == "c a b"
    assert [one.region_id for one in page.lines] == ["r2", "r1", "r1a"]


INDEX = "readingOrder {{index:{};}}"


def test_the_custom_index_sorts_the_lines_of_a_region_if_all_have_one():
    lines = [line(n, INDEX.format(i)) for n, i in (("a", 10), ("b", 9), ("c", 0))]
    assert order(page_of(region("r", *lines))) == "c b a"
    assert order(page_of(region("r", *lines, line("d")))) == "a b c d"
    assert order(page_of(region("q", line("x")) + region("r", *lines))) == "x c b a"


def test_the_schema_index_sorts_lines_without_a_custom_index():
    lines = ['<TextLine id="a" index="1"/>', '<TextLine id="b" index="0"/>']
    assert order(page_of(region("r", *lines))) == "b a"
    both = [
        f'<TextLine id="a" index="1" custom="{INDEX.format(0)}"/>',
        f'<TextLine id="b" index="0" custom="{INDEX.format(1)}"/>',
    ]
    assert order(page_of(region("r", *both))) == "a b"


def test_kinds_come_from_custom_or_else_from_the_type_of_the_region():
    page = page_of(
        region("r1", line("a", "readingOrder {index:0;} structure {type:heading;}"),
               attributes='type="marginalia"')
        + region("r2", line("b"), attributes='custom="structure {type:MainZone;}"')
        + region("r3", line("c"), attributes='type="other" custom="structure { type : seal ; }"')
        + region("r4", line("d", "infrastructure {type:x;} structure {continued:true;}"))
    )  # fmt: skip
    assert [(one.kind, one.region_kind) for one in page.lines] == [
        ("heading", "marginalia"),
        ("", "MainZone"),
        ("", "seal"),
        ("", ""),
    ]


def test_lines_in_tables_are_read_in_both_notations():
    page = page_of(
        "<TableRegion id='t'><TableCell row='0' col='0' id='c1'>" + line("a") + "</TableCell>"
        "</TableRegion><TableRegion id='u'>"
        + region("c2", "<Roles><TableCellRole/></Roles>", line("b"))
        + "</TableRegion>"
    )
    places = [(one.line_id, one.region_id, one.row, one.column) for one in page.lines]
    assert places == [("a", "t", 0, 0), ("b", "c2", None, None)]


def test_every_line_has_a_unique_name():
    page = page_of(region("r", line("a"), line("a"), "<TextLine/>", line("line_3"), line("a_2")))
    assert order(page) == "a a_3 line_3_2 line_3 a_2"


@pytest.mark.parametrize(
    ("attributes", "body", "reason"),
    [
        ("", "", "no imageFilename; add it"),
        ('imageFilename="a" imageWidth="abc"', "",
         "<Page> imageWidth 'abc' is not a number; correct"),
        ('imageFilename="a" imageHeight="-3"', "", "imageHeight '-3' is negative; correct"),
        ('imageFilename="a" imageHeight="inf"', "",
         "imageHeight 'inf' is too large for any page; correct"),
        ('imageFilename="a"', line("l", "readingOrder {index:first;}"),
         "line l: readingOrder index 'first' is not a number; correct"),
        ('imageFilename="a"', '<TextLine id="l" index="1st"/>',
         "line l: <TextLine> index '1st' is not a number; correct"),
        ('imageFilename="a"',
         "<ReadingOrder><OrderedGroup><RegionRefIndexed index='?' regionRef='r'/>"
         "</OrderedGroup></ReadingOrder>", "<RegionRefIndexed> index '?' is not a number; correct"),
    ],
)  # fmt: skip
def test_the_error_names_what_cannot_be_read(attributes, body, reason):
    with pytest.raises(ValueError, match=reason.replace("?", r"\?")):
        page_of(body, attributes=attributes)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<TextEquiv index='x'/>", "<TextEquiv> index 'x' is not a number; correct"),
        ('<Coords points="1,2 3"/>', "points '1,2 3' are not pairs of pixels; correct"),
        ('<Coords points="1,2 nan,4"/>', "are not pairs of pixels; correct"),
        ('<Baseline points="1,2 1000000000,4"/>', "are not pairs of pixels; correct"),
    ],
)
def test_a_line_that_cannot_be_read_has_a_fault(content, reason):
    body = line("bad", content=content) + line("good", content='<Coords points="1,2 3,4 5,9"/>')
    bad, good = page_of(body).lines
    assert reason in bad.fault and not (bad.baseline or bad.polygon)
    assert good.fault == "" and good.polygon


def test_versions_before_2013_are_refused():
    with pytest.raises(ValueError, match="PAGE 2010-03-19 .*; save it as 2013-07-15 or later"):
        page_of(REGIONS, version="2010-03-19")


def test_custom_can_hold_any_kind():
    assert custom_value("", "structure", "type") == ""
    assert custom_value("structure {type:a", "structure", "type") == ""
    # A lone surrogate is not a character.
    assert custom_value(r"structure {type:\ud800;}", "structure", "type") == r"\ud800"


# XML cannot contain control characters; names may have any others.
XML_TEXT = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cn", "Co")), max_size=20)
NAMES = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cn", "Co", "Z")), max_size=12)
POINTS = st.lists(st.tuples(st.integers(-99, 9999), st.integers(-99, 9999))).map(tuple)
LINES = st.builds(
    Line, st.just(""), st.just(0), st.none() | XML_TEXT, POINTS, POINTS, kind=NAMES
)  # fmt: skip
SIZES = st.integers(0, 9999)


@st.composite
def pages(draw):
    """Draw a page that PAGE XML can represent: every line in a region, regions contiguous."""
    regions = draw(st.lists(st.tuples(NAMES, st.lists(LINES, min_size=1, max_size=4)), max_size=4))
    lines = [
        replace(one, region_id=f"r{number}", region_kind=kind)
        for number, (kind, region_lines) in enumerate(regions)
        for one in region_lines
    ]
    lines = [replace(one, line_id=f"l{i}", index=i) for i, one in enumerate(lines)]
    return Page("a b.png", as_meant(lines), draw(SIZES), draw(SIZES), "page")


@given(NAMES)
def test_a_kind_is_read_back_from_custom(kind):
    assert custom_value(structure_custom(kind), "structure", "type") == kind


@given(pages())
def test_a_written_page_is_read_back(page):
    assert read_page_xml(write_description(page, Origin("Quire", CREATED))) == page


@given(pages(), st.randoms(use_true_random=False))
def test_a_page_is_read_back_from_any_document_order_with_a_reading_order(page, chance):
    root = etree.fromstring(write_description(page, Origin("Quire", CREATED)))
    shuffle(root, chance)
    assert read_page_xml(etree.tostring(root)) == page


def shuffle(root: etree._Element, chance: random.Random) -> None:
    """Shuffle the regions of a page and their lines, and add the reading order."""
    page = root.find("{*}Page")
    regions = page.findall("{*}TextRegion")
    order_node = etree.Element("ReadingOrder")
    page.insert(0, order_node)
    group = etree.SubElement(order_node, "OrderedGroup")
    for number, node in chance.sample(list(enumerate(regions)), len(regions)):
        reference = {"index": str(number), "regionRef": node.get("id")}
        etree.SubElement(group, "RegionRefIndexed", reference)
        shuffle_lines(node, chance)
    for node in chance.sample(regions, len(regions)):
        page.append(node)


def shuffle_lines(region_node: etree._Element, chance: random.Random) -> None:
    lines = region_node.findall("{*}TextLine")
    for number, node in enumerate(lines):
        node.set("custom", f"readingOrder {{index:{number};}} {node.get('custom', '')}")
    for node in chance.sample(lines, len(lines)):
        region_node.append(node)


def test_lines_are_written_by_region_and_those_without_in_one():
    lines = [Line(f"l{i}", i, region_id=name) for i, name in enumerate(("a", "b", "a", ""))]
    page = read_page_xml(write_description(Page("d/x.png", tuple(lines)), Origin("Quire", CREATED)))
    assert [(one.line_id, one.region_id) for one in page.lines] == [
        ("l0", "a"), ("l2", "a"), ("l1", "b"), ("l3", "r1"),
    ]  # fmt: skip


def test_the_innermost_reading_direction_is_read():
    right_to_left = 'readingDirection="right-to-left"'
    page = page_of(
        region("r1", line("l1"), f'<TextLine id="l2" {right_to_left}/>')
        + region("r2", line("l3"), attributes=right_to_left)
        + region("r3", '<TextLine id="l4" readingDirection="top-to-bottom"/>'),
        attributes='imageFilename="a.jpg" readingDirection="left-to-right"',
    )
    assert [one.direction for one in page.lines] == ["ltr", "rtl", "rtl", ""]
