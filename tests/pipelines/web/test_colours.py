"""Colours of pages: decoded apart from their light, kept small, and shown in every part."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from model.images.decode import decode_image
from pipelines.decoding.images import SharedFile, decode_tint
from pipelines.pages.image import open_again
from pipelines.web.config import ServeConfig
from pipelines.web.images import Images
from pipelines.web.pictures import Kept, Pyramid

RED = (200, 30, 30)
HEIGHT_PX, WIDTH_PX = 701, 903


def page_file(kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """Return a page on yellowish paper with a red stamp, odd in both sides."""
    pixels = np.full((HEIGHT_PX, WIDTH_PX, 3), (235, 225, 190), np.uint8)
    pixels[300:400, 500:700] = RED
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind)
    return file.getvalue()


def pixels_of(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)


def is_red(pixels: np.ndarray) -> bool:
    return bool(np.abs(pixels - RED).max() < 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_page_in_colour_is_shown_so(kind):
    data = page_file(kind)
    pyramid = Pyramid(decode_image(data), decode_tint(SharedFile(data), 1))
    top = pyramid.level_count - 1
    # The stamp lies on both sides of the edge between two tiles.
    assert is_red(pixels_of(pyramid.tile(top, 0, 0))[350, 505])
    assert is_red(pixels_of(pyramid.tile(top, 1, 0))[350, 100])
    assert is_red(pixels_of(pyramid.tile(top - 1, 0, 0))[175, 300])
    assert is_red(pixels_of(pyramid.whole(300))[116, 200])
    assert is_red(pixels_of(pyramid.cut((511, 311, 690, 389), 500, 500))[40, 90])
    assert is_red(pixels_of(pyramid.cut((501, 301, 700, 400), 500, 500, [(0, 20)]))[50, 150])
    assert not is_red(pixels_of(pyramid.tile(top, 0, 0))[100, 100])


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_pages_have_no_colours(mode):
    assert decode_tint(SharedFile(page_file("PNG", mode)), 1) is None
    grey = decode_image(page_file(mode="L"))
    file = io.BytesIO()
    Image.fromarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)).save(file, "JPEG")
    assert decode_tint(SharedFile(file.getvalue()), 1) is None


def test_colours_take_half_as_much_again_and_count():
    data = page_file()
    grey = decode_image(data)
    plain, coloured = Pyramid(grey), Pyramid(grey, decode_tint(SharedFile(data), 1))
    assert 1.45 < coloured.byte_count / plain.byte_count < 1.55
    kept = Kept(coloured.byte_count, lambda one: one.byte_count)
    for key in range(3):
        kept.get(key, lambda: coloured)
    # Only one has room.
    assert kept.get(2, lambda: plain) is coloured and kept.get(0, lambda: plain) is plain


def test_colours_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="does not fit"):
        Pyramid(np.zeros((10, 10), np.uint8), np.zeros((2, 4, 5), np.uint8))


def test_an_opened_page_has_its_colours(tmp_path):
    path = tmp_path / "p.jpg"
    path.write_bytes(page_file())
    image = open_again(str(path), "")
    assert image.tint().shape == (2, 351, 452)
    config = ServeConfig("")
    images = Images(lambda: ("", None), config.images_bytes, config.tiles_bytes, 60)
    page = {"page_uri": str(path), "address": "", "page_key": 1, "sha256": image.sha256}
    shown = pixels_of(images.piece(page, ("whole",), lambda pyramid: pyramid.whole(1000)))
    assert is_red(shown[350, 600])
    # A page that had to be repaired may have other pixels in colours.
    path.write_bytes(page_file()[:-2])
    repaired = open_again(str(path), "")
    assert repaired.frame.warnings and repaired.tint() is None
