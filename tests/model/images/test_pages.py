"""Multi-page files: PDF and TIFF."""

import io
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.images.decode import decode_image
from model.images.digest import digest_of_pixels
from model.images.pages import count_pages, decode_page
from tests.drawn import jpeg, png, text_strip
from tests.drawn_files import (
    claim_tiff_width,
    encrypted_pdf,
    image_file,
    pdf,
    pdf_page,
)

FILLING = b"q 72 0 0 72 0 0 cm /I Do Q"
GREYS = bytes(range(256))
EIGHT_BITS = b"/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 8"
BLACK_OR_WHITE = arrays(
    np.uint8,
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    elements=st.sampled_from([0, 255]),
)
STRIPS = [text_strip(text) for text in ("acte de mariage", "fils", "le maire de Paris")]


def page(data: bytes, number: int = 1) -> np.ndarray:
    return decode_page(io.BytesIO(data), number)


def count(data: bytes) -> int:
    return count_pages(io.BytesIO(data))


@given(st.lists(BLACK_OR_WHITE, min_size=1, max_size=4), st.sampled_from(["PDF", "TIFF"]))
@settings(max_examples=60)
def test_a_page_of_several_equals_the_page_in_a_file_of_its_own(pages, kind):
    data = image_file(pages, kind, mode="1")
    assert count(data) == len(pages)
    for number, expected in enumerate(pages, 1):
        assert np.array_equal(page(data, number), expected)
        alone = image_file([expected], kind, mode="1")
        assert np.array_equal(page(alone), expected)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_grey_and_coloured_pages_keep_their_own_resolution(kind, mode):
    data = image_file(STRIPS, kind, mode, resolution=150)
    for number, strip in enumerate(STRIPS, 1):
        found = page(data, number)
        assert found.shape == strip.shape
        # Pillow writes JPEG into a PDF.
        assert np.abs(found.astype(int) - strip).mean() < (3 if kind == "PDF" else 0.01)


def test_pages_of_a_file_have_different_digests():
    data = image_file(STRIPS, "TIFF")
    digests = {digest_of_pixels(page(data, number)) for number in (1, 2, 3)}
    assert len(digests) == 3 and all(len(digest) == 64 for digest in digests)


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_missing_page_is_reported_with_the_number_of_pages(kind):
    reason = "page 4 is not in the file, which has 3; correct the page number"
    with pytest.raises(ValueError, match=reason):
        page(image_file(STRIPS, kind), 4)


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_file_is_read_from_its_start_whatever_its_position(kind):
    file = io.BytesIO(image_file(STRIPS, kind, mode="1"))
    assert [count_pages(file), count_pages(file)] == [3, 3]
    pages = [decode_page(file, number) for number in (3, 1, 3)]
    assert np.array_equal(pages[0], pages[2]) and pages[1].shape == STRIPS[0].shape


def test_an_image_of_another_format_is_one_page():
    assert count(png(STRIPS[0])) == count(jpeg(STRIPS[0])) == 1
    assert np.array_equal(page(png(STRIPS[0])), STRIPS[0])


def test_a_broken_page_of_a_tiff_does_not_affect_the_others():
    data = claim_tiff_width(image_file(STRIPS, "TIFF"), STRIPS[0].shape[1], 100_000_000)
    assert count(data) == 3
    with pytest.raises(ValueError, match="image has 100000000 x 64 px; scale it down"):
        page(data)
    assert np.array_equal(page(data, 3), STRIPS[2])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("end", [9, 60, 2000])
def test_a_tiff_that_is_truncated_in_its_first_page_is_reported(end):
    with pytest.raises(ValueError, match="does not decode"):
        page(image_file(STRIPS, "TIFF")[:end])


def test_complete_pages_of_a_truncated_tiff_are_read():
    data = image_file(STRIPS, "TIFF")[:-300]
    assert [np.array_equal(page(data, n), STRIPS[n - 1]) for n in (1, 2)] == [True, True]
    with pytest.raises(ValueError, match="does not decode .*truncated.*; replace"):
        page(data, 3)


KIDS = b"<</Type/Pages/Kids[3 0 R]/Count %d>>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encrypted_pdf(), "PDF is encrypted; save it without a password"),
        (b"%PDF-1.7", "PDF is broken or has no pages; export it again"),
        (image_file(STRIPS, "PDF")[:400], "PDF is broken or has no pages"),
        (pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"), "no pages"),
        (pdf(b"<</Type/Catalog/Pages 2 0 R>>", KIDS % 1_000_000), "more than 10000 pages; split"),
        (b"", "does not decode"),
    ],
)
def test_an_unreadable_file_is_reported_with_the_reason(data, reason):
    with pytest.raises(ValueError, match=reason):
        count(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf(b"<</Type/Catalog/Pages 2 0 R>>", KIDS % 9, b"null"), "page 1 cannot be read"),
        (pdf_page(b"", page=b"/MediaBox[0 0 14400 14400]"), "60000 x 60000 px; scale it down"),
        (pdf_page(b"", page=b"/MediaBox[0 0 1000000000 1000000000]"), "px; scale it down"),
        (pdf_page(FILLING, EIGHT_BITS.replace(b"16", b"100000"), b"x"), "100000 x 100000 px"),
        (pdf_page(FILLING * 2, EIGHT_BITS.replace(b"16", b"100000"), b"x"), "100000 x 100000 px"),
    ],
)
def test_an_unreadable_or_too_large_page_is_rejected(data, reason):
    with pytest.raises(ValueError, match=reason):
        page(data)


@pytest.mark.parametrize("box", [b"[0 0 0 0]", b"[0 0 nan 5]", b"[9 9 1 1]", b"[0 0 0.001 50]"])
def test_a_page_with_an_invalid_box_is_rendered(box):
    found = page(pdf_page(FILLING, EIGHT_BITS, GREYS, b"/MediaBox" + box))
    assert found.ndim == 2 and found.size


def test_pages_may_be_read_from_many_threads():
    data = image_file(STRIPS, "PDF")
    expected = [page(data, n).tobytes() for n in (1, 2, 3)]
    found = {}

    def read(thread: int) -> None:
        found[thread] = [page(data, n).tobytes() for n in (1, 2, 3)]

    threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(8)] == [expected] * 8


def test_decoding_a_multi_page_image_returns_its_first_page():
    assert np.array_equal(decode_image(image_file(STRIPS, "TIFF")), STRIPS[0])
