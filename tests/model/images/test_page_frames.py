"""Which images of a TIFF are pages."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from model.images.decode import decode_image
from model.images.pages import count_pages, decode_page
from tests.drawn import text_strip
from tests.drawn_tiff import tiff

STRIPS = [text_strip(text) for text in ("acte de mariage", "fils")]


def page(data: bytes, number: int = 1) -> np.ndarray:
    return decode_page(io.BytesIO(data), number)


def count(data: bytes) -> int:
    return count_pages(io.BytesIO(data))


def test_smaller_copies_in_a_tiff_are_not_counted_as_pages():
    first, second = (Image.fromarray(strip) for strip in STRIPS)
    copy = first.resize((40, 8))
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=[copy, second])
    assert count(file.getvalue()) == 2
    assert np.array_equal(page(file.getvalue(), 2), STRIPS[1])


def handwriting(seed: int = 0) -> np.ndarray:
    """A page that shows something, unlike a blank one."""
    draw = np.random.default_rng(seed)
    page = np.full((320, 240), 225, np.uint8)
    for top in range(20, 300, 22):
        for left in range(12, 220, 9):
            page[top : top + draw.integers(2, 12), left : left + draw.integers(2, 8)] = 40
    return page


def reduced(page: np.ndarray, factor: float) -> np.ndarray:
    size = int(page.shape[1] * factor), int(page.shape[0] * factor)
    return np.asarray(Image.fromarray(page).resize(size, Image.Resampling.BOX))


LETTER, OTHER = handwriting(), handwriting(1)
BLANK = np.full((320, 240), 225, np.uint8)


def image_of(page: np.ndarray, **options) -> tuple[np.ndarray, dict]:
    return page[..., None], options


@pytest.mark.parametrize(
    ("images", "pages"),
    [
        # Levels of a pyramid: unmarked, marked as today, marked in the old way, mixed.
        ([image_of(reduced(LETTER, f)) for f in (1, 0.5, 0.25)], [LETTER]),
        ([image_of(LETTER), image_of(reduced(LETTER, 0.5), tags={254: [1]})], [LETTER]),
        ([image_of(LETTER), image_of(reduced(LETTER, 0.5), tags={255: [2]})], [LETTER]),
        (
            [
                image_of(LETTER, tags={255: [1]}),
                image_of(reduced(LETTER, 0.5), tags={255: [2]}),
                image_of(reduced(LETTER, 0.25)),
            ],
            [LETTER],
        ),
        ([image_of(reduced(LETTER, f)) for f in (0.25, 0.5, 1)], [LETTER]),
        # A thumbnail comes first.
        ([image_of(reduced(LETTER, 0.2), tags={254: [1]}), image_of(LETTER)], [LETTER]),
        ([image_of(reduced(LETTER, 0.2)), image_of(LETTER)], [LETTER]),
        ([image_of(reduced(LETTER, 0.31)), image_of(LETTER), image_of(OTHER)], [LETTER, OTHER]),
        # Copies of each page.
        (
            [image_of(reduced(page, f)) for page in (LETTER, OTHER) for f in (1, 0.5)],
            [LETTER, OTHER],
        ),
        # In another depth.
        (
            [image_of(LETTER.astype(np.uint16) * 257), image_of(reduced(LETTER, 0.5))],
            [LETTER],
        ),
        # Smaller pages that are no copies: other writing, another shape, nearly the same size.
        ([image_of(LETTER), image_of(reduced(OTHER, 0.5))], [LETTER, reduced(OTHER, 0.5)]),
        ([image_of(LETTER), image_of(LETTER[:160, :120])], [LETTER, LETTER[:160, :120]]),
        ([image_of(LETTER), image_of(LETTER)], [LETTER, LETTER]),
        ([image_of(LETTER), image_of(reduced(BLANK, 0.5))], [LETTER, reduced(BLANK, 0.5)]),
        ([image_of(LETTER), image_of(LETTER[:100])], [LETTER, LETTER[:100]]),
        ([image_of(BLANK), image_of(reduced(BLANK, 0.5))], [BLANK, reduced(BLANK, 0.5)]),
        # The last levels of a pyramid are tiny.
        ([image_of(reduced(LETTER, 0.5**n)) for n in range(6)], [LETTER]),
        ([image_of(LETTER), image_of(reduced(LETTER, 0.0625))], [LETTER, reduced(LETTER, 0.0625)]),
        # All there is.
        ([image_of(LETTER, tags={254: [1]})], [LETTER]),
        ([image_of(LETTER, tags={255: [2]})], [LETTER]),
        # A mask.
        ([image_of(LETTER), image_of(BLANK, tags={254: [4]})], [LETTER]),
    ],
)
def test_only_the_pages_of_a_tiff_are_counted_and_read(images, pages):
    data = tiff(*images)
    assert count(data) == len(pages)
    for number, expected in enumerate(pages, 1):
        assert np.abs(page(data, number).astype(int) - expected).max() <= 1
    assert np.array_equal(decode_image(data), page(data))


def test_a_chain_of_images_that_bites_its_tail_ends():
    data = bytearray(tiff(image_of(LETTER)))
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * entries, start)
    assert count(bytes(data)) == 1
