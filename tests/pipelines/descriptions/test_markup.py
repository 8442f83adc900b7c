"""Page descriptions in XML: the reader is chosen by content."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.descriptions.detect import NotAPage, read_markup
from pipelines.descriptions.image_names import image_uri
from pipelines.files.filesystem import BeamFiles
from pipelines.formats.xml_tree import read_points

PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
  <Page imageFilename="PH 1858-é.jpg"><TextRegion><TextLine/></TextRegion></Page></PcGts>"""
ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
  <Layout><Page><PrintSpace><TextBlock><TextLine/></TextBlock></PrintSpace></Page></Layout></alto>"""


@pytest.mark.parametrize("format_name", ["auto", "alto"])
def test_alto_is_recognised_by_content(format_name):
    assert read_markup(ALTO.encode(), format_name).source == "alto"


@pytest.mark.parametrize("format_name", ["auto", "page"])
def test_page_xml_is_recognised_by_content(format_name):
    assert read_markup(PAGE.encode(), format_name).source == "page"


@pytest.mark.parametrize(
    ("data", "format_name", "reason"),
    [
        ("<alto>", "auto", "not well-formed"),
        ("", "auto", "file is empty; export it again"),
        ("<html/>", "auto", "<html> is neither PAGE nor ALTO; save"),
        (ALTO, "page", "file does not match --format page; give the format that it has"),
        (PAGE, "alto", "file does not match --format alto; give the format that it has"),
        ("<alto/>", "auto", "file has no ALTO <Page>; save"),
    ],
)
def test_the_error_names_what_is_wrong(data, format_name, reason):
    with pytest.raises(ValueError, match=reason):
        read_markup(data.encode(), format_name)


@pytest.mark.parametrize("data", ["<html/>", "<alto/>", PAGE.replace("Page ", "Leaf ")])
def test_errors_without_a_format_name_no_flag(data):
    with pytest.raises(ValueError, match="; ") as error:
        read_markup(data.replace("/Page>", "/Leaf>").encode())
    assert "--" not in str(error.value)


def test_a_mets_file_beside_the_pages_is_no_page():
    with pytest.raises(NotAPage):
        read_markup(b'<mets xmlns="http://www.loc.gov/METS/"/>')


@given(st.lists(st.tuples(st.integers(-99, 9999), st.integers(-99, 9999)), min_size=1))
def test_points_are_read_in_both_notations(points):
    expected = tuple((float(x), float(y)) for x, y in points)
    assert read_points(" ".join(f"{x},{y}" for x, y in points)) == expected
    assert read_points(" ".join(f"{x} {y}" for x, y in points)) == expected


def read_folder(folder):
    """Return the pages of all XML files beneath a folder; their images must exist."""
    pages = []
    for path in sorted(folder.rglob("*.xml")):
        try:
            page = read_markup(path.read_bytes())
        except NotAPage:
            continue
        assert Path(image_uri(str(path), page.uri, BeamFiles())).is_file()
        pages.append(page)
    return pages


# The README of the data counts only lines with text: an empty text is no ground truth.
@pytest.mark.parametrize(
    ("folder", "page_count", "line_count", "with_text", "source"),
    [
        ("peraire/data/test", 8, 262, 262, "alto"),
        ("peraire/data/train", 67, 2307, 2273, "alto"),
        ("timeus/data", 248, 7701, 7699, "page"),
        ("cremma-mss-19/data", 69, 1807, 1807, "alto"),
    ],
)
def test_real_pages_have_the_line_counts_of_their_readme(
    shared_data, folder, page_count, line_count, with_text, source
):
    pages = read_folder(shared_data / folder)
    lines = [line for page in pages for line in page.lines]
    assert {page.source for page in pages} == {source}
    assert (len(pages), len(lines)) == (page_count, line_count)
    assert sum(bool(line.text) for line in lines) == with_text
    assert all(line.baseline and line.polygon and line.region_id for line in lines)


def test_lines_of_real_pages_have_kinds(shared_data):
    lines = [line for page in read_folder(shared_data / "peraire/data/test") for line in page.lines]
    kinds = Counter(line.kind for line in lines)
    assert kinds == {"DefaultLine": 253, "InterlinearLine": 9}
    assert Counter(line.region_kind for line in lines) == {"MainZone": 254, "NumberingZone": 8}
