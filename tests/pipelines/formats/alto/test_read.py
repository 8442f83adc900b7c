"""Reading ALTO."""

from dataclasses import replace
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.line_images.crop import fit_to_image
from schemas.records import Line, Page
from tests.pipelines.formats.described import as_meant, read_alto

V2, V3, V4 = (f"http://www.loc.gov/standards/alto/ns-v{n}#" for n in (2, 3, 4))

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


def alto_of(blocks, unit="pixel", page='WIDTH="100" HEIGHT="200"', head="", namespace=V4):
    """Read a page with some blocks."""
    attribute = f'xmlns="{namespace}"' if namespace else ""
    text = (
        f"<alto {attribute}><Description><MeasurementUnit>{unit}</MeasurementUnit></Description>"
        f"{head}<Layout><Page {page}><PrintSpace>{blocks}</PrintSpace></Page></Layout></alto>"
    )
    return read_alto(text.encode())


def line_of(content="", attributes=""):
    """Read a line with some content."""
    return alto_of(f"<TextBlock><TextLine {attributes}>{content}</TextLine></TextBlock>").lines[0]


def block(name, *lines, attributes=""):
    content = "".join(f'<TextLine ID="{line}"/>' for line in lines)
    return f'<TextBlock ID="{name}" {attributes}>{content}</TextBlock>'


def order(page):
    """Return the ids of the lines in reading order, which must be that of their index."""
    assert [one.index for one in page.lines] == list(range(len(page.lines)))
    return " ".join(one.line_id for one in page.lines)


def test_lines_texts_and_geometry():
    page = read_alto(ALTO.encode())
    assert (page.uri, page.width_px, page.height_px) == ("f207.jpeg", 1644, 2135)
    first, second = page.lines
    assert first.text == "Je suis reçu-" and first.region_id == "b1"
    assert first.baseline == ((99, 167), (580, 163))
    assert first.polygon == ((99, 167), (92, 107), (114, 87))
    assert second.text is None and second.baseline == ((10, 240), (100, 240))
    assert second.polygon == ((10, 200), (100, 200), (100, 250), (10, 250))


@pytest.mark.parametrize(
    "namespace",
    [V2, V3, V4, "", "http://bibnum.bnf.fr/ns/alto_prod", "http://schema.ccs-gmbh.com/ALTO"],
)
def test_every_version_is_read(namespace):
    page = alto_of(block("b", "l1"), namespace=namespace)
    assert order(page) == "l1" and (page.uri, page.width_px) == ("", 100)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<String CONTENT="a"/><String CONTENT="b"/>', "a b"),
        ('<SP/><String CONTENT="a"/><SP/><SP/><String CONTENT="b"/><SP/>', "a b"),
        ('<String CONTENT="a"/><String CONTENT=""/><String CONTENT="b"/>', "a b"),
        ('<String CONTENT=""/>', ""),
        ("", None),
        ("<SP/>", None),
        ('<String CONTENT="a  b "/>', "a  b "),
        ('<String CONTENT="exem" SUBS_TYPE="HypPart1" SUBS_CONTENT="exemple"/><HYP CONTENT="-"/>',
         "exem-"),
        ('<String CONTENT="ple" SUBS_TYPE="HypPart2" SUBS_CONTENT="exemple"/>', "ple"),
        ('<String CONTENT="M." SUBS_TYPE="Abbreviation" SUBS_CONTENT="Monsieur"/>', "M."),
        ('<String CONTENT="a"/><HYP/>', "a-"),
        ('<String CONTENT="a"/><HYP CONTENT="¬"/>', "a¬"),
        # The word has the hyphen already, as it is or as another sign for it.
        ('<String CONTENT="ren-"/><HYP CONTENT="-"/>', "ren-"),
        ('<String CONTENT="ren-"/><HYP/>', "ren-"),
        ('<String CONTENT="ren-"/><HYP CONTENT="\u00ad"/>', "ren-"),
        ('<String CONTENT="ren\u2e17"/><HYP CONTENT="\u2e17"/>', "ren\u2e17"),
        ('<String CONTENT="ren:"/><HYP CONTENT=":"/>', "ren:"),
        ('<String CONTENT="ren"/><HYP CONTENT=""/>', "ren"),
        ('<String CONTENT="-"/><String CONTENT="ren"/><HYP CONTENT="-"/>', "- ren-"),
        ('<String CONTENT="a"><ALTERNATIVE>x</ALTERNATIVE><Glyph CONTENT="y"/></String>', "a"),
    ],
)  # fmt: skip
def test_the_text_is_what_is_written_on_the_line(content, text):
    assert line_of(content).text == text


BOX = 'HPOS="10.5" VPOS="20" WIDTH="90" HEIGHT="5e1"'
CORNERS = ((10.5, 20), (100.5, 20), (100.5, 70), (10.5, 70))


@pytest.mark.parametrize(
    ("content", "attributes", "polygon"),
    [
        ('<Shape><Polygon POINTS="1,2 3.5,4"/></Shape>', BOX, ((1, 2), (3.5, 4))),
        ('<Shape><Polygon POINTS="1 2 3.5 4"/></Shape>', "", ((1, 2), (3.5, 4))),
        ("<Shape/>", BOX, CORNERS),
        ('<Shape><Polygon POINTS=""/></Shape>', BOX, CORNERS),
        ('<Shape><Circle HPOS="1" VPOS="2" RADIUS="3"/></Shape>', BOX, CORNERS),
        ("", BOX, CORNERS),
        ("", 'HPOS="1" VPOS="2"', ()),
        ('<String CONTENT="a" HPOS="5" VPOS="6" WIDTH="7" HEIGHT="8"/><String CONTENT="b"/>'
         '<String CONTENT="c" HPOS="50" VPOS="4" WIDTH="7" HEIGHT="8"/>', "",
         ((5, 4), (57, 4), (57, 14), (5, 14))),
        ("", 'HPOS="-5" VPOS="-6" WIDTH="7" HEIGHT="8"', ((-5, -6), (2, -6), (2, 2), (-5, 2))),
    ],
)  # fmt: skip
def test_the_polygon_is_the_shape_or_else_the_box(content, attributes, polygon):
    assert line_of(content, attributes).polygon == polygon


@pytest.mark.parametrize(
    ("content", "attributes", "baseline"),
    [
        ("", 'BASELINE="1,2 3.5,4"', ((1, 2), (3.5, 4))),
        ("", 'BASELINE="1 2 3.5 4"', ((1, 2), (3.5, 4))),
        ("", f'BASELINE="64.5" {BOX}', ((10.5, 64.5), (100.5, 64.5))),
        ('<Shape><Polygon POINTS="1,2 9,4 5,0"/></Shape>', 'BASELINE="3"', ((1, 3), (9, 3))),
        ("", 'BASELINE="3"', ()),
        ("", "", ()),
    ],
)
def test_the_baseline_is_read_in_every_notation(content, attributes, baseline):
    assert line_of(content, attributes).baseline == baseline


TAGS = """<Tags><NamedEntityTag ID="n" LABEL="Paris"/><RoleTag ID="o" LABEL="header"/>
  <OtherTag ID="k1" LABEL="InterlinearLine"/><LayoutTag ID="k2" LABEL="drop"/>
  <StructureTag ID="r1" LABEL="MarginTextZone:note"/><OtherTag ID="e" LABEL=""/></Tags>"""


def test_kinds_are_the_labels_of_the_tags():
    page = alto_of(
        '<ComposedBlock TAGREFS="k2"><ComposedBlock><TextBlock ID="b" TAGREFS="r1">'
        '<TextLine ID="l1" TAGREFS="k1"/><TextLine ID="l2" TAGREFS="n e o k2 k1"/></TextBlock>'
        '</ComposedBlock></ComposedBlock><TextBlock ID="c"><TextLine TAGREFS="gone"/></TextBlock>',
        head=TAGS,
    )
    assert [(one.kind, one.region_id, one.region_kind) for one in page.lines] == [
        ("InterlinearLine", "b", "MarginTextZone:note"),
        ("drop", "b", "MarginTextZone:note"),
        ("", "c", ""),
    ]


BLOCKS = (
    block("b1", "a", "b") + block("b2", "c") + f"<ComposedBlock>{block('b3', 'd')}</ComposedBlock>"
)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("", "a b c d"),
        ('<OrderedGroup><ElementRef REF="b3"/><ElementRef REF="b1"/></OrderedGroup>', "d a b c"),
        ('<OrderedGroup><ElementRef REF="d c"/><ElementRef REF="b"/></OrderedGroup>', "d c b a"),
        ('<UnorderedGroup><OrderedGroup REF="b2"/><OrderedGroup><ElementRef REF="b"/>'
         '<ElementRef REF="b1"/></OrderedGroup></UnorderedGroup>', "c b a d"),
        ('<OrderedGroup><ElementRef REF="b2"/></OrderedGroup>'
         '<OrderedGroup><ElementRef REF="b3"/></OrderedGroup>', "c a b d"),
    ],
)  # fmt: skip
def test_the_first_reading_order_sorts_its_lines_before_the_others(groups, expected):
    page = alto_of(BLOCKS, head=f"<ReadingOrder>{groups}</ReadingOrder>")
    assert order(page) == expected


def test_a_reading_order_of_words_sorts_their_lines():
    strings = "".join(
        f'<TextLine ID="l{i}"><String ID="s{i}" CONTENT=""/></TextLine>' for i in (1, 2)
    )
    head = (
        '<ReadingOrder><OrderedGroup><ElementRef REF="s2"/><ElementRef REF="s1"/></OrderedGroup>'
        "</ReadingOrder>"
    )
    assert order(alto_of(f"<TextBlock>{strings}</TextBlock>", head=head)) == "l2 l1"


@pytest.mark.parametrize("unit", ["mm10", "inch1200"])
def test_other_units_are_kept_and_converted_to_pixels_by_the_page_size(unit):
    page = alto_of(
        f"<TextBlock><TextLine {BOX}/></TextBlock>", unit, 'WIDTH="2100.2" HEIGHT="2969.6"'
    )
    assert (page.width_px, page.height_px) == (2100, 2970)
    assert page.lines[0].polygon == CORNERS
    in_pixels = fit_to_image(page, np.zeros((1485, 1050), np.uint8))
    assert in_pixels.lines[0].polygon == tuple((x / 2, y / 2) for x, y in CORNERS)


@pytest.mark.parametrize("unit", ["mm", "MM", "cm", "inch"])
def test_a_coarse_unit_is_not_rounded_to_whole_ones(unit):
    page = alto_of(f"<TextBlock><TextLine {BOX}/></TextBlock>", unit, 'WIDTH="21.4" HEIGHT="29.6"')
    in_pixels = fit_to_image(page, np.zeros((2960, 2140), np.uint8))
    assert np.allclose(in_pixels.lines[0].polygon, np.multiply(CORNERS, 100))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"unit": "mm10", "page": ""}, "mm10 but <Page> has no WIDTH and HEIGHT .*; add them"),
        ({"unit": "inch1200", "page": 'WIDTH="9"'}, "inch1200 but <Page> has no"),
        ({"unit": "furlong"}, "'furlong' is not a unit of ALTO; export the file in pixels"),
        ({"page": 'WIDTH="wide"'}, "<Page> WIDTH 'wide' is not a number; correct"),
        ({"page": 'HEIGHT="-1"'}, "<Page> HEIGHT '-1' is negative; correct"),
        ({"namespace": "http://www.loc.gov/standards/alto/ns-v5#"}, "ns-v5# is not ALTO 2, 3"),
    ],
)  # fmt: skip
def test_the_error_names_what_cannot_be_read(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        alto_of(**{"blocks": "", **arguments})


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('BASELINE="9 x"', "points '9 x' are not numbers; correct"),
        ('BASELINE="low"', "<TextLine> BASELINE 'low' is not a number; correct"),
        (BOX.replace("90", "nan"), "<TextLine> WIDTH 'nan' is too large for any page; correct"),
    ],
)
def test_a_line_that_cannot_be_read_has_a_fault(attributes, reason):
    blocks = f'<TextBlock><TextLine ID="bad" {attributes}/><TextLine ID="good" {BOX}/></TextBlock>'
    bad, good = alto_of(blocks=blocks).lines
    assert reason in bad.fault and not (bad.baseline or bad.polygon)
    assert good.fault == "" and good.polygon


def test_a_file_of_several_pages_is_refused_by_only_page():
    two = ALTO.replace("</Layout>", '<Page WIDTH="1" HEIGHT="1"/></Layout>')
    with pytest.raises(ValueError, match="2 pages; give each page a file of its own"):
        read_alto(two.encode())


def render(page: Page, comma: bool, whole_lines: bool, blocks: list[str]) -> bytes:
    """Write a page as ALTO 4.4, its blocks in another order than the reading order."""
    tags, references = "", ""
    block_texts = dict.fromkeys(blocks, "")
    for line in page.lines:
        tags += f'<OtherTag ID="k{line.index}" LABEL={quoteattr(line.kind)}/>'
        references += f'<ElementRef REF="{line.line_id}"/>'
        block_texts[line.region_id] += render_line(line, comma, whole_lines)
    kinds = {line.region_id: line.region_kind for line in page.lines}
    body = "".join(
        f'<TextBlock ID="{name}" TAGREFS="t{name}">{block_texts[name]}</TextBlock>'
        for name in blocks
    )
    tags += "".join(f'<LayoutTag ID="t{n}" LABEL={quoteattr(kinds.get(n, ""))}/>' for n in blocks)
    return (
        f'<alto xmlns="{V4}"><Description><MeasurementUnit>pixel</MeasurementUnit>'
        f"<sourceImageInformation><fileName>{page.uri}</fileName></sourceImageInformation>"
        f"</Description><Tags>{tags}</Tags><ReadingOrder><OrderedGroup>{references}"
        f'</OrderedGroup></ReadingOrder><Layout><Page WIDTH="{page.width_px}" '
        f'HEIGHT="{page.height_px}"><PrintSpace>{body}</PrintSpace></Page></Layout></alto>'
    ).encode()


def render_line(line: Line, comma: bool, whole: bool) -> str:
    def points(polyline):
        return " ".join(f"{x}{',' if comma else ' '}{y}" for x, y in polyline)

    words = [] if line.text is None else [line.text] if whole else line.text.split(" ")
    strings = "<SP/>".join(f"<String CONTENT={quoteattr(word)}/>" for word in words)
    shape = f'<Shape><Polygon POINTS="{points(line.polygon)}"/></Shape>'
    return (
        f'<TextLine ID="{line.line_id}" BASELINE="{points(line.baseline)}" '
        f'TAGREFS="k{line.index}">{shape}{strings}</TextLine>'
    )


# XML attributes do not keep white space other than the space between words.
WORDS = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cn", "Z")), min_size=1, max_size=9)
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)
NUMBERS = st.floats(-9999, 9999) | st.integers(-99, 9999).map(float)
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=5).map(tuple)
LINES = st.builds(
    Line, st.just(""), st.just(0), st.none() | TEXTS, POINTS, POINTS,
    region_id=st.sampled_from(["b0", "b1", "b2"]), kind=WORDS | st.just(""),
)  # fmt: skip
KINDS = st.fixed_dictionaries({name: WORDS | st.just("") for name in ("b0", "b1", "b2")})


@given(
    st.lists(LINES, max_size=6), KINDS, st.integers(0, 9999), st.integers(0, 9999),
    st.booleans(), st.booleans(), st.permutations(["b0", "b1", "b2"]),
)  # fmt: skip
def test_a_rendered_page_is_read_back(lines, kinds, width, height, comma, whole, blocks):
    lines = tuple(
        replace(one, line_id=f"l{i}", index=i, region_kind=kinds[one.region_id])
        for i, one in enumerate(lines)
    )
    page = Page("a b.png", as_meant(lines), width, height, "alto")
    assert read_alto(render(page, comma, whole, blocks)) == page


def test_the_innermost_base_direction_is_read():
    page = alto_of(
        '<TextBlock BASEDIRECTION="rtl"><TextLine ID="l1"/><TextLine BASEDIRECTION="ltr"/>'
        '</TextBlock><TextBlock><TextLine/><TextLine BASEDIRECTION="ttb"/></TextBlock>'
    )
    assert [one.direction for one in page.lines] == ["rtl", "ltr", "", ""]
