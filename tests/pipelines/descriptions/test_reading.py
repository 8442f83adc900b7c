"""From paired files to pages."""

from datetime import datetime

import pytest

from pipelines.descriptions.first import fail_undescribed, read_first_descriptions
from pipelines.descriptions.pairing import ContainerFile, LoneText, MarkupFile, PairFiles
from pipelines.descriptions.reading import ReadConfig, read_source, survey_source
from pipelines.formats import xml_tree
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from schemas.records import Failure, Line, Page, Skipped
from tests.drawn import png, text_strip
from tests.drawn_files import encrypted_pdf, image_file
from tests.pipelines.formats.memory_files import MemoryFiles

STRIPS = [text_strip(text) for text in ("acte", "fils", "maire")]
PDF, TIFF = image_file(STRIPS, "PDF"), image_file(STRIPS, "TIFF")


def page_xml(image: str) -> bytes:
    return write_description(
        Page(image, (Line("l1", 0, "acte"),), 90, 64), Origin("Quire", datetime(2026, 1, 1))
    )


def alto(image: str, *pages: str) -> bytes:
    body = "".join(
        f'<Page {attributes}><PrintSpace><TextBlock><TextLine ID="l{i}"/></TextBlock></PrintSpace>'
        "</Page>"
        for i, attributes in enumerate(pages)
    )
    return (
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description>'
        f"<sourceImageInformation><fileName>{image}</fileName></sourceImageInformation>"
        f"</Description><Layout>{body}</Layout></alto>"
    ).encode()


FORM = b"""<?xml version="1.0"?><form id="a01-000u"><handwritten-part>
<line id="a01-000u-00" text="A MOVE"><word><cmp x="3" y="4" width="5" height="6"/></word></line>
</handwritten-part></form>"""


def read(source, files, config=None):
    return list(read_source(source, config or ReadConfig(), MemoryFiles(files)))


def uris(records):
    """Return the URI of each record, for failures with the stage."""
    return [f"{r.uri} {r.stage}" if isinstance(r, Failure) else r.uri for r in records]


def test_xml_is_opened_once_and_parsed_once(monkeypatch):
    parsed = []
    fromstring = xml_tree.etree.fromstring

    def count(data, parser):
        parsed.append(data)
        return fromstring(data, parser)

    monkeypatch.setattr(xml_tree.etree, "fromstring", count)
    for data in (page_xml("x.png"), alto("x.png", "")):
        files = MemoryFiles({"d/x.xml": data, "d/x.png": png(STRIPS[0])})
        (page,) = read_source(MarkupFile("d/x.xml"), ReadConfig(), files)
        assert page.uri == "d/x.png" and files.asked.count("d/x.xml") == 1
        assert parsed.pop() == data and not parsed


def test_an_iam_form_in_xml_is_read_as_such():
    files = {"xml/a01-000u.xml": FORM, "forms/a01-000u.png": png(STRIPS[0])}
    (page,) = read(MarkupFile("xml/a01-000u.xml"), files)
    assert (page.source, page.lines[0].text) == ("iam", "A MOVE")


def test_a_text_without_image_is_a_table_or_a_failure():
    files = {"t.txt": b"x.png\tacte\n", "u.txt": b"acte", "x.png": png(STRIPS[0])}
    assert uris(read(LoneText("t.txt"), files)) == ["x.png"]
    assert uris(read(LoneText("u.gt.txt"), {**files, "u.gt.txt": b"acte"})) == ["u.gt.txt pair"]
    (stray,) = read(LoneText("u.txt"), files)
    assert stray == Skipped("u.txt", "text belongs to no image")
    assert uris(read(LoneText("gone.txt"), files)) == ["gone.txt read"]


def test_the_error_of_an_unknown_container_names_the_flag():
    (failure,) = read(ContainerFile("x.bin"), {"x.bin": b"?"})
    assert "set --format to one of" in failure.error


def test_only_lines_of_the_requested_kinds_are_read():
    lines = (Line("a", 0, "x", kind="heading"), Line("b", 1, "y"))
    data = write_description(Page("x.png", lines, 9, 9), Origin("Quire", datetime(2026, 1, 1)))
    files = {"x.xml": data, "x.png": b""}
    (page,) = read(MarkupFile("x.xml"), files, ReadConfig(line_kinds=("heading",)))
    assert [line.line_id for line in page.lines] == ["a"]
    none = ReadConfig(line_kinds=("none",))
    (skipped,) = read_first_descriptions(MarkupFile("x.xml"), none, MemoryFiles(files), set())
    assert skipped == Skipped("x.png", "no line of the requested kinds")


@pytest.mark.parametrize(("image", "data"), [("s.pdf", PDF), ("s.tif", TIFF)])
@pytest.mark.parametrize(
    ("attributes", "numbers"),
    [
        (["", "", ""], [1, 2, 3]),
        (["PHYSICAL_IMG_NR='3'", "PHYSICAL_IMG_NR='1'"], [3, 1]),
        (["PHYSICAL_IMG_NR='0'", "PHYSICAL_IMG_NR='1'", "PHYSICAL_IMG_NR='2'"], [1, 2, 3]),
        (["PHYSICAL_IMG_NR='1'", "PHYSICAL_IMG_NR='1'"], [1, 2]),
        (["PHYSICAL_IMG_NR='ii'", "PHYSICAL_IMG_NR='1'"], [1, 2]),
    ],
    ids=["none", "of pages", "from 0", "all alike", "no number"],
)
@pytest.mark.parametrize("named", [True, False])
def test_alto_describes_the_pages_of_a_file(image, data, attributes, numbers, named):
    markup = alto(image if named else "", *attributes)
    pages = read(MarkupFile("d/s.xml"), {"d/s.xml": markup, f"d/{image}": data})
    assert uris(pages) == [f"d/{image}#page={number}" for number in numbers]
    assert [page.lines[0].line_id for page in pages] == [f"l{i}" for i in range(len(numbers))]


def test_one_bad_page_does_not_affect_the_others():
    markup = alto("s.pdf", "WIDTH='9' HEIGHT='9'", "WIDTH='wide'", "PHYSICAL_IMG_NR='3'")
    found = read(MarkupFile("s.xml"), {"s.xml": markup, "s.pdf": PDF})
    assert uris(found) == ["s.pdf#page=1", "s.pdf#page=2 read", "s.pdf#page=3"]
    assert "WIDTH 'wide' is not a number; correct" in found[1].error


def test_a_page_beyond_the_end_of_the_file_fails_alone():
    markup = alto("s.pdf", "PHYSICAL_IMG_NR='3'", "PHYSICAL_IMG_NR='12'")
    found = read(MarkupFile("s.xml"), {"s.xml": markup, "s.pdf": PDF})
    assert uris(found) == ["s.pdf#page=3", "s.pdf#page=12 pair"]
    assert (
        "page 12 is not in the file, which has 3 pages; correct the number in s.xml"
        in found[1].error
    )


def test_a_plain_image_has_only_one_page():
    found = read(MarkupFile("s.xml"), {"s.xml": alto("s.jpg", "", ""), "s.jpg": b""})
    assert uris(found) == ["s.jpg", "s.jpg#page=2 pair"]


@pytest.mark.parametrize(
    ("markup", "image", "expected"),
    [
        ("s.xml", "s.pdf#page=3", "s.pdf#page=3"),
        ("other.xml", "C:\\scans\\s.pdf#page=3", "s.pdf#page=3"),
        ("s_0003.xml", "s.pdf", "s.pdf#page=3"),
        ("s/0003.xml", "0003.jpg", "s.pdf#page=3"),
        ("s_0004.xml", "s.pdf", "s.pdf#page=4 pair"),
        ("s.xml", "s.pdf#page=4", "s.pdf#page=4 pair"),
        ("s.xml", "s.pdf", "s.xml pair"),
        ("s.xml", "../../etc/passwd#page=1", "s.pdf#page=1"),
    ],
)
def test_xml_of_one_page_states_its_number(markup, image, expected):
    for data in (page_xml(image), alto(image, "")):
        if image.startswith("C:") and data.startswith(b"<?xml"):
            # The writer keeps only the name of the file.
            data = data.replace(b'Filename="', b'Filename="C:\\scans\\')
        assert uris(read(MarkupFile(markup), {markup: data, "s.pdf": PDF})) == [expected]


def test_each_page_of_a_missing_file_fails():
    found = read(MarkupFile("s.xml"), {"s.xml": alto("s.pdf", "", "")})
    assert uris(found) == ["s.xml#page=1 pair", "s.xml#page=2 pair"]
    found = read(MarkupFile("s.xml"), {"s.xml": alto("s.pdf", "", ""), "s.pdf": encrypted_pdf()})
    assert uris(found) == ["s.xml#page=1 read", "s.xml#page=2 read"]
    assert found[0].error == "s.pdf: PDF is encrypted; save it without a password"


def test_a_text_is_paired_only_with_a_file_of_one_page():
    source = PairFiles("s.pdf", "s.txt")
    one = image_file(STRIPS[:1], "PDF")
    assert uris(read(source, {"s.txt": b"acte", "s.pdf": one})) == ["s.pdf"]
    (failure,) = read(source, {"s.txt": b"acte", "s.pdf": PDF})
    assert failure.uri == "s.txt" and "s.pdf has 3 pages, but a text belongs to" in failure.error
    (failure,) = read(source, {"s.txt": b"acte", "s.pdf": encrypted_pdf()})
    assert failure.uri == "s.pdf" and "encrypted; save" in failure.error


def test_the_failure_of_a_lone_image_counts_its_undescribed_pages():
    files = MemoryFiles({"d/s.pdf": PDF, "d/t.tif": b"", "d/u.png": b""})
    (failure,) = fail_undescribed("d/s.pdf", set(), files)
    error = failure.error
    assert "any of its 3 pages; add s.xml with a <Page> for each, or s_0001.xml" in error
    (unreadable,) = fail_undescribed("d/t.tif", set(), files)
    assert unreadable.stage == "read"
    (alone,) = fail_undescribed("d/u.png", set(), files)
    assert "image has no u.txt" in alone.error
    described = {"d/s.pdf#page=1", "d/s.pdf#page=3"}
    (undescribed,) = fail_undescribed("d/s.pdf", described, files)
    assert undescribed.uri == "d/s.pdf#page=2"
    assert not list(fail_undescribed("d/u.png", {"d/u.png"}, files))


def test_pages_are_surveyed_and_skipped_one_by_one():
    files = MemoryFiles({"s.xml": alto("s.pdf", "", ""), "s.pdf": PDF})
    surveyed = survey_source(MarkupFile("s.xml"), ReadConfig(), files)
    assert [page.uri for page in surveyed] == ["s.pdf#page=1", "s.pdf#page=2"]
    surplus = {("s.pdf#page=2", "s.xml")}
    first, second = read_first_descriptions(MarkupFile("s.xml"), ReadConfig(), files, surplus)
    assert isinstance(first, Page) and isinstance(second, Skipped)
