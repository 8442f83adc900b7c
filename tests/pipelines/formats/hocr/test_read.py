"""Reading hOCR, as Tesseract, OCRopus and Quire write it."""

from datetime import datetime

import numpy as np
import pytest

from pipelines.descriptions.detect import UnknownMarkup, read_markup_pages
from pipelines.formats.hocr.write import write_hocr
from pipelines.formats.page_text import Origin, PageText, normalise_page
from schemas.records import Failure, Line, Transcript
from tests.pipelines.drawn_archive import write_page, write_pair
from tests.pipelines.ingest_run import examples, ingest

TESSERACT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><body>
 <div class='ocr_page' id='page_1' title='image "d/a;b.png"; bbox 0 0 640 480; ppageno 0'>
  <div class='ocr_carea' id='block_1' title="bbox 10 20 300 90"><p class='ocr_par' dir='rtl'>
   <span class='ocr_header' id='l1' title="bbox 10 20 110 50; baseline 0.1 -5; x_size 30">
    <span class='ocrx_word' title='bbox 10 20 50 50; x_wconf 90'><strong>Au</strong></span>
    <span class='ocrx_word' title='bbox 60 20 110 50; x_wconf 91'>maire</span>
   </span>
   <span class='ocr_line' id='l2' title="bbox 10 60 20 90; textangle 90; baseline 0 0">x</span>
  </p></div></div></body></html>"""
OCROPUS = """<html><head><meta name="ocr-system" content="ocropus"><title>x</title></head>
<body><div class=ocr_page title='file x.png'><br>
<span class="ocr_line" title="bbox 1 2 30 4">un&nbsp;acte
de&eacute;</span><br></div></body></html>"""


def test_lines_texts_and_geometry():
    (page,) = read_markup_pages(TESSERACT.encode())
    assert (page.uri, page.width_px, page.height_px) == ("d/a;b.png", 640, 480)
    first, second = page.lines
    assert (first.line_id, first.text, first.kind) == ("l1", "Au maire", "header")
    assert (first.region_id, first.direction) == ("block_1", "rtl")
    assert first.baseline == ((10, 45), (110, 55))
    assert first.polygon == ((10, 20), (110, 20), (110, 50), (10, 50))
    assert second.text == "x" and second.baseline == () and second.kind == ""


def test_html_that_is_not_xml():
    (page,) = read_markup_pages(OCROPUS.encode())
    assert [line.text for line in page.lines] == ["un acte deé"]
    assert page.uri == "" and page.lines[0].polygon[0] == (1, 2)


def test_what_quire_writes_is_read_again():
    line = Line("l1", 0, baseline=((10, 40), (90, 42)), polygon=((8, 20), (92, 20), (92, 50)))
    page = normalise_page(PageText("d/a.png", 100, 60, (Transcript("a", line, "le maire", 0.5),)))
    (again,) = read_markup_pages(write_hocr(page, Origin("Quire", datetime(2026, 1, 1))))
    assert again.uri == "a.png" and again.lines[0].text == "le maire"
    assert again.lines[0].polygon == line.polygon
    assert np.allclose(again.lines[0].baseline, [(8, 40), (92, 42)], atol=0.5)


def pages(*titles):
    body = "".join(f'<div class="ocr_page" title="{title}"/>' for title in titles)
    return read_markup_pages(f"<html>{body}</html>".encode())


def test_several_pages():
    several = pages("image 'a.tif'; ppageno 4", "image 'a.tif'; ppageno 5")
    assert [page.uri for page in several] == ["a.tif#page=5", "a.tif#page=6"]
    assert [page.uri for page in pages("image 'a.tif'", "image 'a.tif'")] == [
        "a.tif#page=1",
        "a.tif#page=2",
    ]
    assert [page.uri for page in pages("image 'a.png'", "image 'b.png'")] == ["a.png", "b.png"]


@pytest.mark.parametrize("title", ["bbox 1 2 3", "bbox a b c d", "bbox 1 2 3 1e300"])
def test_a_page_with_a_bad_box_fails_alone(title):
    good, bad = pages("image 'a.png'", f"image 'b.png'; {title}")
    assert isinstance(bad, Failure) and "correct it" in bad.error and not good.lines


def test_other_html_is_of_no_known_format():
    with pytest.raises(UnknownMarkup, match="<html> is neither"):
        read_markup_pages(b"<!DOCTYPE html><html><body><p>a<br>b</body></html>")


@pytest.mark.parametrize("name", ["a.hocr", "a.html", "other.xhtml"])
def test_hocr_beside_an_image_is_ingested(tmp_path, name):
    page = write_page(tmp_path / "in", "a")
    (tmp_path / "in" / "a.xml").unlink()
    lines = tuple(Transcript("a", line, line.text, 1.0) for line in page.lines)
    text = normalise_page(PageText("a.jpg", page.width_px, page.height_px, lines))
    data = write_hocr(text, Origin("Quire", datetime(2026, 1, 1)))
    (tmp_path / "in" / name).write_bytes(data)
    # A page of HTML that tells of the set, and a pair that it does not part.
    (tmp_path / "in" / "index.html").write_text("<html><body>About</body></html>")
    write_pair(tmp_path / "in", "index", "un acte")
    assert ingest([tmp_path / "in"], tmp_path / "out") == 0
    texts = [e.text for e in examples(tmp_path / "out")]
    assert sorted(texts) == sorted([*(line.text for line in page.lines), "un acte"])
    assert {e.source for e in examples(tmp_path / "out")} == {"hocr", "pair"}
