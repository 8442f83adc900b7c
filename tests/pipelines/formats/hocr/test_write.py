"""Writing hOCR: structure, boxes, confidences, escapes."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree, html

from pipelines.formats.hocr.read import hocr_pages
from pipelines.formats.hocr.write import write_hocr
from pipelines.formats.page_text import normalise_page
from tests.pipelines.formats.written_pages import ORIGIN, one_line, pages

BOX = ((100, 100), (500, 100), (500, 140), (100, 140))


def of_class(root, name):
    return root.xpath(f"//*[@class='{name}']")


def properties(node):
    """Parse the properties of a title; a quoted name may contain a semicolon."""
    found = re.findall(r'(\w+) ((?:"(?:\\.|[^"\\])*"|[^";])*)', node.get("title"))
    return {name: value.strip() for name, value in found}


@given(pages())
@settings(max_examples=50)
def test_lines_are_in_order_with_their_texts_in_boxes_on_the_page(page):
    normalised = normalise_page(page)
    data = write_hocr(normalised, ORIGIN)
    root = etree.fromstring(data)
    found = ["".join(node.itertext()) for node in of_class(root, "ocr_line")]
    assert found == [line.text for line in normalised.lines]
    for name in ("ocr_carea", "ocr_par", "ocr_line", "ocrx_word"):
        for node in of_class(root, name):
            left, top, right, bottom = map(int, properties(node)["bbox"].split())
            assert 0 <= left <= right <= page.width_px and 0 <= top <= bottom <= page.height_px
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_html_and_xml_parsers_agree():
    page = normalise_page(one_line("a <b> & c", BOX))
    empty = replace(page.lines[0], text="")
    data = write_hocr(replace(page, lines=(empty, *page.lines)), ORIGIN)
    lines = of_class(html.document_fromstring(data), "ocr_line")
    assert [line.text_content() for line in lines] == ["", "a <b> & c"]


def test_boxes_and_confidences():
    page = one_line("ab cde", BOX, ((100, 135), (500, 131)), (1, 0.5, 0.9, 0, 0.25, 0.5))
    root = etree.fromstring(write_hocr(normalise_page(page), ORIGIN))
    (line,) = of_class(root, "ocr_line")
    assert properties(line)["bbox"] == "100 100 500 140"
    assert properties(line)["baseline"] == "-0.01 -5"
    words = list(map(properties, of_class(root, "ocrx_word")))
    assert words == [
        {"bbox": "100 100 233 140", "x_wconf": "75"},
        {"bbox": "300 100 500 140", "x_wconf": "25"},
    ]


def test_vertical_text_has_no_baseline():
    page = normalise_page(one_line("ab", BOX, ((120, 140), (120, 100))))
    (line,) = of_class(etree.fromstring(write_hocr(page, ORIGIN)), "ocr_line")
    assert "baseline" not in properties(line)


def test_image_name_and_page_number():
    page = normalise_page(replace(one_line("x", BOX), uri='d/a;"b\\.pdf#page=3'))
    (node,) = of_class(etree.fromstring(write_hocr(page, ORIGIN)), "ocr_page")
    found = properties(node)
    assert found["image"] == r'"a;\"b\\.pdf"'
    assert (found["bbox"], found["ppageno"]) == ("0 0 1000 500", "2")


def test_kinds_are_read_back():
    (line,) = one_line("x", BOX).lines
    placed = replace(line.line, kind="header", region_kind="MainZone")
    page = replace(one_line("", BOX), lines=(replace(line, line=placed),))
    data = write_hocr(normalise_page(page), ORIGIN)
    (read,) = hocr_pages(etree.fromstring(data))[0].lines
    assert (read.kind, read.region_kind) == ("header", "MainZone")
    assert etree.fromstring(data).find(".//{*}span").get("class") == "ocr_line ocr_header"


def test_the_first_word_from_right_to_left_is_at_the_right_end():
    pytest.importorskip("bidi")
    page = one_line("\u05d0\u05d1 \u05d2\u05d3", BOX, ((100, 130), (500, 130)))
    words = of_class(etree.fromstring(write_hocr(normalise_page(page), ORIGIN)), "ocrx_word")
    first, last = (properties(word)["bbox"].split() for word in words)
    assert words[0].text == "\u05d0\u05d1"
    assert (first[2], last[0]) == ("500", "100")
