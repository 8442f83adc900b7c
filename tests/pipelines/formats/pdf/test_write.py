"""Writing searchable PDF: the text is in its place, and invisible."""

from dataclasses import replace

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2 import raw

from pipelines.formats.page_text import normalise_page
from pipelines.formats.pdf.write import write_pdf
from schemas.records import Line, Transcript
from tests.drawn import jpeg
from tests.pipelines.formats.written_pages import one_line, pages

GREY = np.tile(np.linspace(0, 255, 1000, dtype=np.uint8), (500, 1))
PICTURE = jpeg(GREY)
BOX = ((100, 100), (500, 100), (500, 140), (100, 140))
SCRIPTS = "Ünï ſꝑ αβγ ѣжд ½ 漢字 \U0001d504\U00010348 e\u0301"


def opened(page, picture=PICTURE):
    return pdfium.PdfDocument(write_pdf(normalise_page(page), picture))


def read(document):
    return document[0].get_textpage().get_text_range().rstrip()


def test_every_script_is_read_back():
    assert read(opened(one_line(SCRIPTS, BOX))) == SCRIPTS


# Without a hyphen: at the end of a line PDFium treats it as hyphenation.
@given(st.lists(st.text(st.sampled_from("abcÄéſß λж.,'"), min_size=1, max_size=30), max_size=4))
@settings(max_examples=30)
def test_lines_are_read_back_in_order(texts):
    lines = [
        Line(
            f"l{i}",
            i,
            None,
            ((100, 90 + 90 * i), (900, 80 + 90 * i)),
            tuple((x, y + 90 * i) for x, y in ((100, 40), (900, 40), (900, 100), (100, 100))),
        )
        for i, _ in enumerate(texts)
    ]
    found = tuple(Transcript("p", line, text, 1.0) for line, text in zip(lines, texts))
    page = replace(one_line("", BOX), lines=found)
    assert read(opened(page)).split() == " ".join(texts).split()


@given(pages())
@settings(max_examples=20)
def test_every_page_can_be_written(page):
    picture = jpeg(np.full((page.height_px, page.width_px), 200, np.uint8))
    assert len(opened(page, picture)) == 1


@pytest.mark.parametrize(
    ("baseline", "corner"),
    [
        (((100, 130), (500, 130)), (100, 130)),
        (((100, 130), (500, 110)), (100, 130)),
        ((), (100, 130)),
    ],
)
def test_the_first_letter_is_where_the_line_begins(baseline, corner):
    document = opened(one_line("abcdefghij", BOX, baseline))
    left, bottom, right, top = document[0].get_textpage().get_charbox(0)
    scale = 72 / 300
    assert left == pytest.approx(corner[0] * scale, abs=2.5)
    assert bottom < (500 - corner[1]) * scale < top
    assert right - left == pytest.approx(40 * scale, abs=1)
    assert top - bottom == pytest.approx(40 * scale, abs=2.5)


def test_vertical_text_is_found():
    box = ((100, 100), (140, 100), (140, 400), (100, 400))
    document = opened(one_line("abcd efg", box, ((130, 400), (130, 100))))
    assert read(document) == "abcd efg"
    pages_text = document[0].get_textpage()
    first, last = pages_text.get_charbox(0), pages_text.get_charbox(7)
    assert last[1] > first[3] and last[0] == pytest.approx(first[0], abs=1)


def test_the_image_is_visible_and_the_text_is_not():
    with_text = opened(one_line(SCRIPTS, BOX))[0].render(
        scale=300 / 72 * (1 - 1e-5), grayscale=True
    )
    seen = with_text.to_numpy().reshape(500, 1000)
    assert np.abs(seen.astype(int) - GREY).max() <= 4
    things = list(opened(one_line("ab cd", BOX))[0].get_objects())
    modes = [raw.FPDFTextObj_GetTextRenderMode(thing) for thing in things if thing.type == 1]
    assert modes == [raw.FPDF_TEXTRENDERMODE_INVISIBLE] * 2


def test_the_image_is_not_encoded_again():
    assert PICTURE in write_pdf(normalise_page(one_line("", BOX)), PICTURE)


def test_few_letters_on_a_long_line_are_not_stretched():
    box = opened(one_line("a", BOX))[0].get_textpage().get_charbox(0)
    assert box[2] - box[0] == pytest.approx(40 * 72 / 300, abs=0.1)


@pytest.mark.parametrize(("dpi", "width_inches"), [(0, 1000 / 300), (200, 5), (1, 1000 / 300)])
def test_a_page_is_as_large_as_its_original(dpi, width_inches):
    page = replace(one_line("a", BOX), dpi=dpi)
    assert opened(page)[0].get_width() == pytest.approx(72 * width_inches, abs=0.1)


def test_an_invalid_image_is_refused():
    with pytest.raises(ValueError, match="PDFium does not accept the image"):
        write_pdf(normalise_page(one_line("", BOX)), b"no picture")


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("text", ["\u05d0\u05d1\u05d2 (\u05d3\u05d4) 12", "\u0627\u0628 ab \u062a"])
def test_text_from_right_to_left_is_found_as_it_is_read(text, is_reversed):
    pytest.importorskip("bidi")
    page = one_line(text, BOX, ((100, 130), (500, 130))[:: -1 if is_reversed else 1])
    assert read(opened(page)).strip() == text
