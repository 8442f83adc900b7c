"""Pages of PDFs that are taken over as they are, with text laid into them."""

import io
import shutil
import subprocess
import zlib

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from model.images.pdf import decode_pdf_page
from pipelines.formats.page_text import PageText
from pipelines.formats.pdf.taken_page import NotTaken, take_page
from pipelines.formats.pdf.write import write_pdf
from schemas.records import Line, Transcript
from tests.drawn import jpeg
from tests.drawn_files import pdf, pdf_page, pdf_stream

# A page of lines, one of them thick so that turned pages differ.
DRAWN = b"0 0 1 RG 4 w 20 30 m 150 30 l S 1 0 0 rg 20 60 40 10 re f"
GREY = b"/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray"
SCAN = b"q 180 0 0 90 6 5 cm /I Do Q"
BOX = b"/MediaBox[0 0 200 100]"


def flate(data):
    return pdf_stream(b"/Filter/FlateDecode", zlib.compress(data))


def noise(width_px, height_px):
    return np.random.default_rng(1).integers(0, 256, width_px * height_px, np.uint8).tobytes()


LARGE = b"/Width 360/Height 90/BitsPerComponent 8/ColorSpace/DeviceGray"

# What a page is like, and why that could go wrong.
TAKEN = {
    "drawn": pdf_page(DRAWN, GREY, bytes(4), BOX),
    "turned to the right": pdf_page(DRAWN, GREY, bytes(4), BOX + b"/Rotate 90"),
    "on its head": pdf_page(DRAWN, GREY, bytes(4), BOX + b"/Rotate 180"),
    "turned to the left": pdf_page(DRAWN, GREY, bytes(4), BOX + b"/Rotate -90"),
    "of an offset box": pdf_page(DRAWN, GREY, bytes(4), b"/MediaBox[-50 -20 150 80]"),
    "cropped": pdf_page(DRAWN, GREY, bytes(4), BOX + b"/CropBox[10 20 170 90]/Rotate 270"),
    "cropped beyond the page": pdf_page(DRAWN, GREY, bytes(4), BOX + b"/CropBox[10 20 900 90]"),
    "in larger units": pdf_page(DRAWN, GREY, bytes(4), BOX + b"/UserUnit 2"),
    "a scan, smaller than the page": pdf_page(SCAN, LARGE, noise(360, 90), BOX),
    "such a scan, turned": pdf_page(SCAN, LARGE, noise(360, 90), BOX + b"/Rotate 90"),
    "of operators that restore too much": pdf_page(
        b"Q Q 2 0 0 2 5 5 cm " + DRAWN, GREY, bytes(4), BOX
    ),
    "of operators that end in between": pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents[4 0 R 5 0 R]/Resources<<>>" + BOX + b">>",
        flate(b"q 0.5 0 0 0.5 0 0 cm 20 30 m"),
        pdf_stream(b"", b"150 30 l S"),
    ),
    "of a palette with brackets": pdf_page(
        b"q 100 0 0 50 20 20 cm /I Do Q",
        b"/Width 2/Height 2/BitsPerComponent 8/ColorSpace[/Indexed/DeviceRGB 3 "
        b"(\\(1 0 R\\)\\\\<>\\r\\n)]",
        bytes((0, 1, 2, 3)),
        BOX,
    ),
    "with notes on its image": pdf_page(
        SCAN,
        LARGE + b"/Metadata 6 0 R",
        noise(360, 90),
        BOX,
        pdf_stream(b"/Type/Metadata/Subtype/XML", b"<x/>"),
    ),
    "without anything": pdf_page(b"", GREY, bytes(4), BOX),
    "with names and texts like references": pdf_page(
        DRAWN, GREY + b"/X(1 0 R \\) <<)/Interpolate true", bytes(4), BOX
    ),
}
HIDDEN = b"BT 3 Tr /F 12 Tf 10 10 Td (old text) Tj ET"
NOT_TAKEN = {
    "with text of its own": pdf_page(DRAWN + HIDDEN, GREY, bytes(4), BOX),
    "with what PDF/A forbids": pdf_page(b"0 0 0 1 k 20 60 40 10 re f", GREY, bytes(4), BOX),
    "signed": pdf_page(DRAWN, GREY, bytes(4), BOX).replace(
        b"/Catalog", b"/Catalog/AcroForm<</SigFlags 3/Fields[<</FT/Sig/T(s)/V<</Type/Sig>>>>]>>"
    ),
}


def read(data, texts=("bonjour", "monde")):
    """Return a page with a line, and the page taken over."""
    file = io.BytesIO(data)
    height_px, width_px = decode_pdf_page(file, 1).shape

    def points(*shares):
        return tuple((width_px * x, height_px * y) for x, y in shares)

    baseline = points((0.2, 0.5), (0.8, 0.5))
    polygon = points((0.2, 0.25), (0.8, 0.25), (0.8, 0.58), (0.2, 0.58))
    line = Transcript("a.pdf", Line("a", 0, None, baseline, polygon), " ".join(texts), 1.0)
    page = PageText("a.pdf", width_px, height_px, (line,))
    return page, take_page(file, 1, (width_px, height_px))


def drawn(data, width_px=300):
    page = pdfium.PdfDocument(data)[0]
    return page.render(scale=width_px / page.get_width()).to_numpy()[..., :3].astype(int)


@pytest.mark.parametrize("name", TAKEN)
def test_a_page_looks_as_before(name, tmp_path):
    data = TAKEN[name]
    out = write_pdf(*read(data))
    before, after = drawn(data), drawn(out)
    assert abs(before.shape[0] - after.shape[0]) <= 1
    rows = min(before.shape[0], after.shape[0])
    assert np.abs(before[:rows] - after[:rows]).mean() < 3
    if shutil.which("qpdf"):
        (tmp_path / "a.pdf").write_bytes(out)
        subprocess.run(["qpdf", "--check", tmp_path / "a.pdf"], capture_output=True, check=True)


@pytest.mark.parametrize("name", TAKEN)
def test_words_are_found_at_their_places(name, tmp_path):
    page, taken = read(TAKEN[name])
    out = write_pdf(page, taken)
    shown = pdfium.PdfDocument(out)[0]
    text = shown.get_textpage()
    assert text.get_text_range().split() == ["bonjour", "monde"]
    left, bottom, right, top = taken.frame
    # The line goes from a fifth of the pixels to four fifths, its baseline is in the middle.
    across = [left + share * (right - left) for share in (0.2, 0.8)]
    first, last = text.get_charbox(0, loose=True), text.get_charbox(12, loose=True)
    assert abs(first[0] - across[0]) < 2 and abs(last[2] - across[1]) < 2
    middle = (bottom + top) / 2
    assert first[1] < middle < first[3]
    if shutil.which("pdftotext"):
        path = tmp_path / "a.pdf"
        path.write_bytes(out)
        boxes = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, check=True)
        words = list(etree.fromstring(boxes.stdout).iter("{*}word"))
        assert [word.text for word in words] == ["bonjour", "monde"]
        assert abs(float(words[0].get("xMin")) - across[0]) < 2
        assert abs(float(words[1].get("xMax")) - across[1]) < 2


@pytest.mark.parametrize("reason", NOT_TAKEN)
def test_a_page_that_cannot_be_taken_is_told(reason):
    with pytest.raises(NotTaken, match=reason):
        read(NOT_TAKEN[reason])


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        (b"/ColorSpace/DeviceCMYK", "PDF/A forbids"),
        (b"/ColorSpace[/Separation/Spot/DeviceGray 4 0 R]", "PDF/A forbids"),
        (b"/ColorSpace/DeviceGray/OC 4 0 R", "PDF/A forbids"),
        (b"/ColorSpace/Device#43MYK", "PDF/A forbids"),
    ],
)
def test_what_conforms_to_no_pdf_a_is_no_part_of_one(entries, reason):
    image = b"/Width 1/Height 1/BitsPerComponent 8" + entries
    with pytest.raises(NotTaken, match=reason):
        read(pdf_page(b"q 9 0 0 9 0 0 cm /I Do Q", image, bytes(4), BOX))


def test_an_image_stays_as_it_is():
    data = jpeg(np.frombuffer(noise(360, 90), np.uint8).reshape(90, 360))
    out = write_pdf(*read(pdf_page(SCAN, LARGE + b"/Filter/DCTDecode", data, BOX)))
    assert data in out and out.count(b"/Subtype/Image") == 1


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([0, 90, 180, 270]),
    st.tuples(st.integers(-300, 300), st.integers(-300, 300)),
    st.tuples(st.integers(60, 300), st.integers(60, 300)),
)
def test_any_page_keeps_its_size_and_words(rotation, corner, size):
    box = b"/MediaBox[%d %d %d %d]/Rotate %d" % (
        *corner,
        corner[0] + size[0],
        corner[1] + size[1],
        rotation,
    )
    data = pdf_page(DRAWN, GREY, bytes(4), box)
    page, taken = read(data)
    shown = pdfium.PdfDocument(write_pdf(page, taken))[0]
    assert shown.get_size() == pytest.approx(pdfium.PdfDocument(data)[0].get_size(), abs=0.01)
    assert shown.get_textpage().get_text_range().split() == ["bonjour", "monde"]
