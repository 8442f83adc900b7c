"""Writing searchable PDF: the text is in its place, and invisible."""

import io
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pypdfium2 import raw

from model.geometry.orientation import swaps_sides, to_stored
from pipelines.formats.page_text import PageText, normalise_page
from pipelines.formats.pdf.metadata import PdfFacts
from pipelines.formats.pdf.picture import picture_of_jpeg, picture_of_pixels
from pipelines.formats.pdf.write import SearchablePdf, write_pdf
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
        # Level, at the height of its middle.
        (((100, 130), (500, 110)), (100, 120)),
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


WORDS = ["le", "maire", "de", "la", "commune", "et", "Jean", "ont", "dit", "oui", "ce", "soir"]


@pytest.mark.parametrize("degrees", [0, 1, 2, -2, 4, 7, 10, -10])
@pytest.mark.parametrize("dpi", [0, 72])
def test_words_of_sloping_lines_are_found(degrees, dpi, tmp_path):
    rise = np.tan(np.radians(degrees))
    lines = []
    for index in range(4):
        y = 400 + 90 * index
        xs = np.linspace(100, 1900, 5)
        baseline = tuple((float(x), float(y + rise * (x - 1000))) for x in xs)
        outline = tuple((x, y - 40) for x, y in baseline)
        outline += tuple((x, y + 15) for x, y in baseline[::-1])
        lines.append(
            Transcript("p", Line(f"l{index}", index, None, baseline, outline), " ".join(WORDS), 1.0)
        )
    page = PageText("d/p.jpg", 2000, 1100, tuple(lines), dpi=dpi)
    picture = jpeg(np.full((1100, 2000), 230, np.uint8))
    data = write_pdf(normalise_page(page), picture)
    assert sorted(pdfium_words(data)) == sorted(WORDS * 4)
    assert sorted(poppler_words(data, tmp_path)) == sorted(WORDS * 4)


def pdfium_words(data):
    return pdfium.PdfDocument(data)[0].get_textpage().get_text_range().split()


def poppler_words(data, folder):
    """Return the words that poppler finds; those of PDFium where it is not installed."""
    if not shutil.which("pdftotext"):
        return pdfium_words(data)
    (folder / "a.pdf").write_bytes(data)
    command = ["pdftotext", "-bbox", str(folder / "a.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, check=True).stdout
    return [word.text for word in etree.fromstring(found).iter("{*}word")]


def test_a_word_of_a_steep_line_is_turned():
    box = ((100, 100), (400, 300), (380, 330), (80, 130))
    document = opened(one_line("ab cd", box, ((90, 115), (390, 315))))
    assert (
        document[0].get_textpage().get_charbox(0)[1]
        > (document[0].get_textpage().get_charbox(4)[3])
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_is_embedded_as_it_is(orientation):
    grey = np.zeros((40, 60), np.uint8)
    grey[:20, :30], grey[20:, :30], grey[20:, 30:] = 80, 160, 240
    stored = to_stored_pixels(grey, orientation)
    data = jpeg(stored)
    page = PageText("a.jpg", 60, 40)
    made = write_pdf(page, picture_of_jpeg(data, orientation))
    assert data in made
    shown = pdfium.PdfDocument(made)[0].render(scale=300 / 72, grayscale=True).to_numpy().squeeze()
    for x, y in ((15, 10), (45, 10), (15, 30), (45, 30)):
        assert abs(int(shown[y, x]) - int(grey[y, x])) < 12


def to_stored_pixels(grey, orientation):
    """Return pixels as a camera stores them that is to be turned as EXIF states."""
    height, width = grey.shape
    size = (width, height) if swaps_sides(orientation) else (height, width)
    stored = np.zeros(size, np.uint8)
    for y in range(height):
        for x in range(width):
            ((u, v),) = to_stored([(x + 0.5, y + 0.5)], orientation, width, height)
            stored[int(v), int(u)] = grey[y, x]
    return stored


def test_black_and_white_stays_so_and_small():
    grey = np.full((500, 1000), 255, np.uint8)
    grey[100:130, 100:600] = 0
    data = write_pdf(normalise_page(one_line("ab", BOX)), picture_of_pixels(grey))
    assert b"/CCITTFaxDecode" in data
    seen = pdfium.PdfDocument(data)[0].render(scale=300 / 72 * (1 - 1e-5), grayscale=True)
    assert np.array_equal(seen.to_numpy().reshape(500, 1000), grey)


def test_several_pages_have_their_labels_and_a_title():
    file = io.BytesIO()
    document = SearchablePdf(file, PdfFacts("Actes « 1858 »", language="fr"))
    for label, text in (("1r", "le maire"), ("1v", "de Paris")):
        page = normalise_page(replace(one_line(text, BOX), label=label))
        document.add(page, picture_of_jpeg(PICTURE))
    document.close()
    made = pdfium.PdfDocument(file.getvalue())
    assert [made.get_page_label(i) for i in range(2)] == ["1r", "1v"]
    assert made.get_metadata_value("Title") == "Actes « 1858 »"
    assert [page.get_textpage().get_text_range().strip() for page in made] == [
        "le maire",
        "de Paris",
    ]


@pytest.mark.skipif(not shutil.which("qpdf"), reason="qpdf is not installed")
def test_qpdf_finds_no_fault(tmp_path):
    (tmp_path / "a.pdf").write_bytes(write_pdf(normalise_page(one_line(SCRIPTS, BOX)), PICTURE))
    command = ["qpdf", "--check", str(tmp_path / "a.pdf")]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not installed")
def test_poppler_finds_words_from_right_to_left(tmp_path):
    pytest.importorskip("bidi")
    text = "\u05d0\u05d1\u05d2 \u05d3\u05d4\u05d5 \u05d6\u05d7"
    data = write_pdf(normalise_page(one_line(text, BOX, ((100, 130), (500, 130)))), PICTURE)
    (tmp_path / "a.pdf").write_bytes(data)
    command = ["pdftotext", str(tmp_path / "a.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    # Poppler marks the direction of what it writes.
    assert re.sub("[\u202a-\u202c]", "", found).split() == text.split()


def test_an_invalid_image_is_refused():
    with pytest.raises(ValueError, match="picture is not a JPEG"):
        write_pdf(normalise_page(one_line("", BOX)), b"no picture")


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("text", ["\u05d0\u05d1\u05d2 (\u05d3\u05d4) 12", "\u0627\u0628 ab \u062a"])
def test_text_from_right_to_left_is_found_as_it_is_read(text, is_reversed):
    pytest.importorskip("bidi")
    page = one_line(text, BOX, ((100, 130), (500, 130))[:: -1 if is_reversed else 1])
    assert read(opened(page)).strip() == text
