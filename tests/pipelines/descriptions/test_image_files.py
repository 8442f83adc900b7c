"""Pages of PDF and TIFF files: their URIs, and the files that describe them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.descriptions.image_files import ImageFile, find_image_file, page_described
from pipelines.formats.names import numbered_names, numbered_stems, page_uri, split_page_uri
from schemas.records import Failure, Line, Page
from tests.drawn import png, text_strip
from tests.drawn_files import encrypted_pdf, image_file
from tests.pipelines.formats.memory_files import MemoryFiles

STRIPS = [text_strip(text) for text in ("acte", "fils", "maire")]
PDF, TIFF = image_file(STRIPS, "PDF"), image_file(STRIPS, "TIFF")
ONE_PDF, ONE_TIFF = image_file(STRIPS[:1], "PDF"), image_file(STRIPS[:1], "TIFF")
NUMBERS = st.integers(1, 99_999_999)


@given(st.text(), NUMBERS)
def test_a_page_number_is_appended_and_split_off(name, number):
    assert split_page_uri(page_uri(name, number)) == (name, number)


@pytest.mark.parametrize("uri", ["a.pdf#page=0", "a.pdf#page=-1", "a.pdf#page=x", "a.pdf#page="])
def test_an_invalid_page_number_stays_in_the_name(uri):
    assert split_page_uri(uri) == (uri, None)


@given(st.from_regex(r"([a-zé]{1,3}/)?[a-zé0-9]{1,8}", fullmatch=True), NUMBERS)
def test_numbered_names_are_parsed_back(stem, number):
    for name in numbered_names(stem, number):
        assert (stem, number) in numbered_stems(name)


@pytest.mark.parametrize("name", ["scan", "scan_", "_3", "scan_0", "scan3", "3", "scan_123456789"])
def test_not_every_name_is_numbered(name):
    assert numbered_stems(name) == []


@pytest.mark.parametrize(
    ("markup", "named", "image", "expected"),
    [
        ("d/scan_0002.xml", "", "d/scan.pdf", "d/scan.pdf#page=2"),
        ("d/scan-2.xml", "elsewhere.jpg", "d/scan.tif", "d/scan.tif#page=2"),
        ("d/scan.002.xml", "scan.pdf", "d/scan.pdf", "d/scan.pdf#page=2"),
        ("d/page/scan_0002.xml", "", "d/scan.pdf", "d/scan.pdf#page=2"),
        ("d/scan/0002.xml", "", "d/scan.pdf", "d/scan.pdf#page=2"),
        ("d/scan/page/0002.xml", "", "d/scan.pdf", "d/scan.pdf#page=2"),
        ("d/cafe\u0301_2.xml", "", "d/caf\u00e9.pdf", "d/caf\u00e9.pdf#page=2"),
    ],
)
def test_the_name_of_a_description_numbers_its_page(markup, named, image, expected):
    files = MemoryFiles({image: PDF if image.endswith("pdf") else TIFF})
    assert find_image_file(markup, named, files).page_uri(None) == expected


@pytest.mark.parametrize(
    ("markup", "named", "image", "data"),
    [
        ("d/letter_2.xml", "letter.tif", "d/letter.tif", ONE_TIFF),
        ("d/letter_2.xml", "letter.pdf", "d/letter.pdf", ONE_PDF),
        ("d/letter_1.xml", "", "d/letter.pdf", ONE_PDF),
        ("d/letter.xml", "", "d/letter.pdf", ONE_PDF),
        ("d/letter_2.xml", "", "d/letter_2.png", png(STRIPS[0])),
    ],
)
def test_a_file_of_one_page_keeps_its_name(markup, named, image, data):
    found = find_image_file(markup, named, MemoryFiles({image: data}))
    assert found.page_uri(None) == found.page_uri(1) == image


def test_a_number_in_the_description_precedes_one_in_its_name():
    found = find_image_file("scan_0002.xml", "scan.pdf", MemoryFiles({"scan.pdf": PDF}))
    assert found.page_uri(3) == "scan.pdf#page=3"


def test_a_description_must_state_which_page():
    with pytest.raises(
        ValueError, match="d/scan.pdf has 3 pages; .*scan.pdf#page=1.*scan_0001.xml"
    ):
        ImageFile("d/scan.pdf", 3).page_uri(None)


def test_the_error_of_an_unreadable_file_names_it():
    files = MemoryFiles({"d/scan.pdf": encrypted_pdf()})
    with pytest.raises(ValueError, match="d/scan.pdf: PDF is encrypted; save it without"):
        find_image_file("d/scan_1.xml", "", files)


def described(*names: str) -> list[Page | Failure]:
    return [Page(name, (Line(name, 0),)) for name in names]


@pytest.mark.parametrize(
    ("image", "markup", "names", "found"),
    [
        ("s.pdf#page=2", "s.xml", ["s.pdf#page=1", "s.pdf#page=2"], "s.pdf#page=2"),
        ("s.pdf#page=3", "s.xml", ["s.pdf#page=1", "s.pdf#page=2"], None),
        ("s.pdf#page=2", "s_2.xml", ["s.pdf"], "s.pdf"),
        ("s.pdf#page=2", "s_2.xml", ["s.pdf#page=7"], None),
        ("s.pdf#page=2", "s.xml", ["s.pdf"], None),
        ("s.pdf", "s.xml", ["s.pdf#page=1", "s.pdf#page=2"], "s.pdf#page=1"),
        ("s.jpg", "s.xml", ["t.jpg"], "t.jpg"),
    ],
)
def test_a_page_is_found_among_those_that_a_file_describes(image, markup, names, found):
    page = page_described(image, markup, described(*names), MemoryFiles({}))
    assert (page and page.uri) == found


def test_the_requested_page_may_be_a_failure():
    pages = [
        *described("s.pdf#page=1"),
        Failure("s.pdf#page=2", "read", "WIDTH is wrong; correct it"),
    ]
    assert page_described("s.pdf#page=1", "s.xml", pages, MemoryFiles({})).uri == "s.pdf#page=1"
    with pytest.raises(ValueError, match="WIDTH is wrong"):
        page_described("s.pdf#page=2", "s.xml", pages, MemoryFiles({}))
