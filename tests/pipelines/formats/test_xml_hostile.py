"""Broken and malicious XML: no reader hangs or reads other files."""

import gzip

import pytest

from pipelines.descriptions.detect import read_markup
from pipelines.formats.xml_tree import parse_xml, read_points
from tests.drawn import jpeg, png, text_strip
from tests.pipelines.formats.described import read_alto, read_page_xml

ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page WIDTH="100"
 HEIGHT="200"><PrintSpace><TextBlock ID="b">{}</TextBlock></PrintSpace></Page></Layout></alto>"""
PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Page imageFilename="a.jpg">{}</Page></PcGts>"""
REGION = '<TextRegion id="r">{}</TextRegion>'


def alto_line(text):
    return ALTO.format(f'<TextLine ID="l"><String CONTENT="{text}"/></TextLine>')


def page_line(text):
    equivalent = f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv>"
    return PAGE.format(REGION.format(f'<TextLine id="l">{equivalent}</TextLine>'))


def text_of(data):
    (line,) = read_markup(data).lines
    return line.text


LAUGHS = '<!ENTITY l0 "ha">' + "".join(
    f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12)
)


@pytest.mark.parametrize("line", [alto_line, page_line])
@pytest.mark.parametrize(
    ("declarations", "text"),
    [
        (LAUGHS, "&l11;"),
        (LAUGHS, "no reference"),
        (f'<!ENTITY long "{"x" * 50_000}">', "&long;" * 50_000),
        ('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"),
        ('<!ENTITY harmless "x">', "&harmless;"),
    ],
    ids=["billion laughs", "declared only", "quadratic", "loop", "one"],
)
def test_entities_are_refused(line, declarations, text):
    data = f"<!DOCTYPE a [{declarations}]>{line(text)}"
    with pytest.raises(ValueError, match="entities of its own|[Ee]ntity"):
        read_markup(data.encode())


@pytest.mark.parametrize("line", [alto_line, page_line])
@pytest.mark.parametrize(
    "doctype",
    [
        '[<!ENTITY e SYSTEM "{secret}">]',
        '[<!ENTITY % p SYSTEM "{dtd}"> %p;]',
        '[<!ENTITY % p SYSTEM "{dtd}"> <!ENTITY e "x">]',
        'SYSTEM "{dtd}"',
        'PUBLIC "-//X//Y" "{dtd}"',
    ],
)
def test_external_files_are_not_read(tmp_path, line, doctype):
    secret, dtd = tmp_path / "secret", tmp_path / "pages.dtd"
    secret.write_text("do not tell")
    dtd.write_text('<!ENTITY e "do not tell">')
    doctype = doctype.format(secret=secret.as_uri(), dtd=dtd.as_uri())
    with pytest.raises(ValueError, match="entities of its own|[Ee]ntity") as refusal:
        read_markup(f"<!DOCTYPE a {doctype}>{line('&e;')}".encode())
    assert "do not tell" not in str(refusal.value)


def test_an_external_dtd_is_ignored(tmp_path):
    dtd = tmp_path / "pages.dtd"
    dtd.write_text('<!ATTLIST Page imageWidth CDATA "77">')
    data = f'<!DOCTYPE PcGts SYSTEM "{dtd.as_uri()}">{page_line("x")}'
    page = read_page_xml(data.encode())
    assert page.lines[0].text == "x" and page.width_px == 0


@pytest.mark.parametrize("element", ["TextBlock", "ComposedBlock", "a"])
@pytest.mark.parametrize("depth", [300, 100_000])
def test_a_deep_tree_is_refused(element, depth):
    data = ALTO.format(f"<{element}>" * depth + f"</{element}>" * depth)
    with pytest.raises(ValueError, match="[Ee]xcessive depth"):
        read_markup(data.encode())


def test_a_tree_of_the_largest_depth_is_read_in_order():
    groups = "<OrderedGroup>" * 200 + '<RegionRefIndexed index="0" regionRef="r"/>'
    order = f"<ReadingOrder>{groups}{'</OrderedGroup>' * 200}</ReadingOrder>"
    nested = "<TextRegion>" * 200 + '<TextLine id="l1"/>' + "</TextRegion>" * 200
    page = read_page_xml(PAGE.format(order + nested + REGION.format("<TextLine/>")).encode())
    assert [line.line_id for line in page.lines] == ["line_2", "l1"]


@pytest.mark.parametrize(
    "number", ["1e9", "-1e9", "1000000000", "nan", "NaN", "inf", "-inf", "1e999"]
)
def test_numbers_too_large_for_any_page_are_refused(number):
    for data in (
        ALTO.format(f'<TextLine ID="l1" BASELINE="{number}"/>'),
        ALTO.format(f'<TextLine ID="l1" BASELINE="1,2 {number},4"/>'),
        ALTO.format(f'<TextLine ID="l1" HPOS="{number}" VPOS="1" WIDTH="2" HEIGHT="3"/>'),
        PAGE.format(f'<TextLine id="l1"><Coords points="1,2 {number},4"/></TextLine>'),
        PAGE.format(f'<TextLine id="l1"><Baseline points="1,{number}"/></TextLine>'),
    ):
        (line,) = read_markup(data.encode()).lines
        assert "; correct" in line.fault and not (line.baseline or line.polygon)


def test_negative_coordinates_are_read():
    assert read_points("-5,-6.5 7,8") == ((-5, -6.5), (7, 8))


@pytest.mark.parametrize("reference", ["&#xD800;", "&#xDFFF;", "&#0;", "&#xFFFE;", "&#x110000;"])
@pytest.mark.parametrize("line", [alto_line, page_line])
def test_references_to_invalid_characters_are_refused(line, reference):
    with pytest.raises(ValueError, match="not well-formed"):
        read_markup(line(f"a{reference}b").encode())


@pytest.mark.parametrize(
    "data",
    [
        alto_line("x").encode().replace(b"x", b"\xed\xa0\x80", 1),
        b'<?xml version="1.0" encoding="UTF-16"?>'.decode().encode("utf-16-le")
        + alto_line("x").encode("utf-16-le").replace(b"x\0", b"\0\xd8"),
    ],
    ids=["utf-8", "utf-16"],
)
def test_lone_surrogates_are_refused(data):
    with pytest.raises(ValueError, match="not well-formed"):
        read_markup(data)


@pytest.mark.parametrize("line", [alto_line, page_line])
@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16", ""),
        ("utf-16-le", "UTF-16"),
        ("utf-32", "UTF-32"),
        # Converted, and the declaration left as it was.
        ("utf-8", "UTF-16"),
        ("utf-8-sig", "utf-16"),
        ("utf-8", "ISO-10646-UCS-2"),
        ("utf-8", "ISO-8859-1"),
        ("utf-8", "windows-1252"),
        ("utf-16", "UTF-8"),
        ("latin-1", "ISO-8859-1"),
    ],
)
def test_encodings_are_detected(line, encoding, declared):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    assert text_of(f"{declaration}{line('é')}".encode(encoding)) == "é"


def test_an_unknown_or_wrong_encoding_is_refused():
    for data in (
        alto_line("é").encode("latin-1"),
        b'<?xml version="1.0" encoding="nonsense"?>' + alto_line("e").encode(),
    ):
        with pytest.raises(ValueError, match="not well-formed"):
            read_markup(data)


def test_windows_line_ends_are_normalised():
    data = page_line("a\nb").replace("\n", "\r\n").encode()
    assert b"\r\n" in data
    assert text_of(data) == "a\nb"


@pytest.mark.parametrize("text", ["שלום עולם 123", "العدد ١٢٣ (أ)", "a \u202bשלום\u202c b"])
@pytest.mark.parametrize("line", [alto_line, page_line])
def test_text_from_right_to_left_stays_in_logical_order(line, text):
    assert text_of(line(text).encode()) == text


def test_words_from_right_to_left_are_joined_in_logical_order():
    words = '<TextLine><String CONTENT="שלום"/><SP/><String CONTENT="עולם"/></TextLine>'
    assert text_of(ALTO.format(words).encode()) == "שלום עולם"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "file is empty; export it again"),
        (gzip.compress(alto_line("x").encode()), "file is gzip, not XML; unpack it"),
        (b"PK\x03\x04 and so on", "file is a zip archive, not XML"),
        (png(text_strip("x")), "file is a PNG image, not XML; .* put the XML in its place"),
        (jpeg(text_strip("x")), "file is a JPEG image, not XML"),
        (b"II*\0 and so on", "file is a TIFF image, not XML"),
        (b"%PDF-1.7", "file is a PDF, not XML"),
        (b" \r\n\t", "not well-formed"),
        (b"\0" * 100, "not well-formed"),
        (bytes(range(256)), "not well-formed"),
        (b"<a>" + b"x" * 11_000_000 + b"</a>", "not well-formed"),
        (b'<a b="' + b"x" * 11_000_000 + b'"/>', "not well-formed"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_the_error_names_the_real_file_type(data, reason):
    with pytest.raises(ValueError, match=reason):
        parse_xml(data)


@pytest.mark.parametrize("line", [alto_line, page_line])
def test_a_file_truncated_anywhere_is_refused(line):
    data = line("Audience du 3 mai").encode()
    for end in range(1, len(data), 7):
        with pytest.raises(ValueError, match="not well-formed"):
            read_markup(data[:end])


COUNT = 10_000


def test_ten_thousand_lines_in_one_region_are_read():
    lines = "".join(
        f'<TextLine id="same" custom="readingOrder {{index:{COUNT - i};}}">'
        f'<Coords points="1,2 3,4"/></TextLine>'
        for i in range(COUNT)
    )
    page = read_page_xml(PAGE.format(REGION.format(lines)).encode())
    assert len({line.line_id for line in page.lines}) == COUNT
    assert page.lines[-1].line_id == "same"


def test_ten_thousand_nested_regions_are_read_in_order():
    references = "".join(
        f'<RegionRefIndexed index="{COUNT - i}" regionRef="r{i}"/>' for i in range(COUNT)
    )
    regions = "".join(f'<TextRegion id="r{i}"><TextLine/></TextRegion>' for i in range(COUNT))
    body = f"<ReadingOrder><OrderedGroup>{references}</OrderedGroup></ReadingOrder>"
    body += "<TextRegion>" * 200 + regions + "</TextRegion>" * 200
    page = read_page_xml(PAGE.format(body).encode())
    assert [line.region_id for line in page.lines] == [f"r{i}" for i in reversed(range(COUNT))]


def test_ten_thousand_lines_in_a_block_of_a_million_tags_are_read():
    lines = '<TextLine><String CONTENT="x"/></TextLine>' * COUNT
    data = ALTO.format(lines).replace('ID="b"', f'ID="b" TAGREFS="{"t " * 1_000_000}"')
    assert len(read_alto(data.encode()).lines) == COUNT


@pytest.mark.parametrize(
    "noise", ["structure {", "structure ", "structure {;", "{", "readingOrder {index:"]
)
def test_a_custom_attribute_of_megabytes_is_searched_once(noise):
    custom = noise * (4_000_000 // len(noise))
    lines = f'<TextLine custom="{custom}"/>' + "<TextLine/>" * COUNT
    data = PAGE.format(REGION.format(lines)).replace(
        "<TextRegion", f'<TextRegion custom="{custom}"'
    )
    page = read_page_xml(data.encode())
    assert len(page.lines) == COUNT + 1
    assert page.lines[0].kind == page.lines[0].region_kind == ""
