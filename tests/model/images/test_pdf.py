"""Pages of a PDF: the pixels of a scan, or the page as drawn."""

import io

import numpy as np
import pytest

from model.images.pages import decode_page
from tests.drawn_files import pdf, pdf_page, pdf_stream


def page(data: bytes) -> np.ndarray:
    return decode_page(io.BytesIO(data), 1)


GREYS = bytes(range(256))
EIGHT_BITS = b"/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 8"
FILLING = b"q 72 0 0 72 0 0 cm /I Do Q"
SQUARE = np.frombuffer(GREYS, np.uint8).reshape(16, 16)
HIDDEN_TEXT = b"BT 3 Tr /F 12 Tf 5 30 Td (mariage) Tj ET"


def test_hidden_text_under_a_scan_is_ignored():
    assert np.array_equal(page(pdf_page(FILLING + HIDDEN_TEXT, EIGHT_BITS, GREYS)), SQUARE)


def with_form(content: bytes, form: bytes, matrix: bytes = b"", box: bytes = b"0 0 72 72") -> bytes:
    """A page on which /X is a form, and /I in it or beside it the scan."""
    resources = b"/Resources<</XObject<</I 5 0 R/X 6 0 R>>/Font<</F<</Type/Font/Subtype/Type1"
    resources += b"/BaseFont/Helvetica>>>>>>"
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[" + box + b"]" + resources + b">>",
        pdf_stream(b"", content),
        pdf_stream(b"/Type/XObject/Subtype/Image" + EIGHT_BITS, GREYS),
        pdf_stream(b"/Type/XObject/Subtype/Form/BBox[0 0 999 999]" + matrix + resources, form),
    )


TEXT = HIDDEN_TEXT.replace(b"3 Tr", b"0 Tr")
STAMP = b" BT /F 3 Tf 5 2 Td (Digitised by a library) Tj ET"
BELOW = b"q 72 0 0 72 0 12 cm /I Do Q"


@pytest.mark.parametrize(
    "data",
    [
        with_form(FILLING + b"/X Do", HIDDEN_TEXT),
        with_form(FILLING + b"q .5 0 0 .5 0 0 cm /X Do Q", HIDDEN_TEXT),
        with_form(b"/X Do" + FILLING, TEXT),
        with_form(b"1 g 0 0 72 72 re f " + FILLING, b""),
        with_form(b"/X Do", FILLING + HIDDEN_TEXT),
        with_form(b"q .5 0 0 .5 0 0 cm /X Do Q", FILLING.replace(b"72", b"144")),
        with_form(b"/X Do", FILLING.replace(b"72", b"144"), b"/Matrix[.5 0 0 .5 0 0]"),
        with_form(b"q 1 0 0 -1 0 72 cm /X Do Q", b"q 72 0 0 -72 0 72 cm /I Do Q"),
        with_form(FILLING + STAMP, b""),
        with_form(BELOW + STAMP, b"", box=b"0 0 72 84"),
        with_form(FILLING.replace(b"72", b"14400"), b"", box=b"0 0 14400 14400"),
        with_form(FILLING.replace(b"72", b"3"), b"", box=b"0 0 3 3"),
    ],
    ids=[
        "hidden text in a form", "hidden text in a scaled form", "text under the scan",
        "ground under the scan", "scan in a form", "scan in a scaled form", "form with a matrix",
        "flipped twice", "stamp on the scan", "stamp below the scan", "huge",
        "tiny",
    ],
)  # fmt: skip
def test_a_page_that_is_one_scan_gives_the_pixels_of_the_scan(data):
    assert np.array_equal(page(data), SQUARE)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (FILLING + b"/X Do", TEXT),
        (FILLING + b"/X Do", b"0 g 10 10 20 20 re f"),
        (FILLING + b"/X Do", b"q 30 0 0 30 5 5 cm /I Do Q"),
        (b"q .3 0 0 .3 0 0 cm /X Do Q", FILLING),
    ],
    ids=["text", "drawing", "image", "small"],
)
def test_what_can_be_seen_in_a_form_is_drawn(content, form):
    assert page(with_form(content, form)).shape == (300, 300)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_margin_around_a_scan_does_not_count_in_any_rotation(turns):
    data = with_form(BELOW + STAMP, b"", box=b"0 0 72 84")
    data = data.replace(b"/MediaBox", b"/Rotate %d/MediaBox" % (90 * turns))
    assert np.array_equal(page(data), np.rot90(SQUARE, -turns))


def test_a_large_page_is_drawn_within_the_limit():
    drawing = b" 0 g 10 10 999 999 re f"
    scan = FILLING.replace(b"72", b"6000") + drawing
    assert page(with_form(scan, b"", box=b"0 0 6000 6000")).shape == (6000, 6000)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_scan_is_rotated_with_its_page(turns):
    entries = b"/MediaBox[0 0 72 72]/Rotate %d" % (90 * turns)
    found = page(pdf_page(FILLING, EIGHT_BITS, GREYS, entries))
    assert np.array_equal(found, np.rot90(SQUARE, -turns))


@pytest.mark.parametrize(
    "content",
    [
        b"BT /F 24 Tf 5 30 Td (acte) Tj ET",
        FILLING + b"BT /F 24 Tf 5 30 Td (acte) Tj ET",
        FILLING + b"0 g 10 10 20 20 re f",
        b"q 30 0 0 30 5 5 cm /I Do Q",
        FILLING + b"q 30 0 0 30 5 5 cm /I Do Q",
        b"q 0 72 -72 0 72 0 cm /I Do Q",
        b"",
    ],
    ids=["text", "text on it", "drawing on it", "small", "two", "turned", "nothing"],
)
def test_a_page_that_is_not_only_a_scan_is_rendered_at_300_dpi(content):
    found = page(pdf_page(content, EIGHT_BITS, GREYS, b"/MediaBox[0 0 72 144]"))
    assert found.shape == (600, 300)
    assert (found.min() < 90) == bool(content)


TOP = bytes([255, 255] * 8 + [0, 0] * 8)


@pytest.mark.parametrize(
    ("image", "data", "more"),
    [
        (b"/Width 16/Height 16/ImageMask true/BitsPerComponent 1/Decode[1 0]", TOP, b"null"),
        (b"/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]", TOP, b"null"),
        (EIGHT_BITS + b"/SMask 6 0 R", bytes(256), pdf_stream(
            b"/Type/XObject/Subtype/Image" + EIGHT_BITS, b"\xff" * 128 + bytes(128))),
    ],
    ids=["stencil", "inverted", "transparent"],
)  # fmt: skip
def test_a_scan_is_decoded_as_a_viewer_shows_it(image, data, more):
    found = page(pdf_page(FILLING, image, data, b"/MediaBox[0 0 72 72]", more))
    assert found.shape == (16, 16)
    assert (found[:8] == 0).all() and (found[8:] == 255).all()
