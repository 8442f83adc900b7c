"""The picture of a page in its colours: what is kept as it is, and what is decoded."""

import io

import numpy as np
import pytest
from PIL import Image

from model.images.colour import colours_of, jpeg_of, stored_orientation

RGB = np.zeros((40, 60, 3), np.uint8)
RGB[:20], RGB[20:, :30], RGB[20:, 30:] = (200, 60, 40), (40, 180, 60), (30, 60, 190)
_ORIENTATION = 0x0112


def encoded(kind, image=None, orientation=1, **options):
    file = io.BytesIO()
    image = image or Image.fromarray(RGB)
    if orientation != 1:
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        options["exif"] = exif
    image.save(file, kind, **options)
    return file


@pytest.mark.parametrize(
    "file",
    [
        encoded("PNG"),
        encoded("PNG", Image.fromarray(RGB).convert("RGBA")),
        encoded("PNG", Image.fromarray(RGB).quantize(8)),
        encoded("TIFF"),
        encoded("TIFF", save_all=True, append_images=[Image.fromarray(255 - RGB)]),
        encoded("TIFF", Image.fromarray(RGB).convert("CMYK")),
        encoded("JPEG", Image.fromarray(RGB).convert("CMYK"), quality=98),
        encoded("PDF", quality=98),
    ],
)
def test_colours_are_kept(file):
    found = colours_of(file, 1)
    assert found.shape == RGB.shape
    assert np.abs(found.astype(int) - RGB).mean() < 8


def test_the_second_page_of_a_tiff_has_its_own_colours():
    file = encoded("TIFF", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    assert np.array_equal(colours_of(file, 2), 255 - RGB)


def test_a_turned_image_is_shown_upright():
    file = encoded("PNG", orientation=6)
    assert np.array_equal(colours_of(file, 1), np.rot90(RGB, -1))
    assert stored_orientation(file, 1) == 6


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_is_kept_as_it_is(orientation):
    file = encoded("JPEG", orientation=orientation)
    assert jpeg_of(file, 1) == (file.getvalue(), orientation)


def test_the_jpeg_of_a_pdf_page_is_taken_out():
    file = encoded("PDF")
    data, orientation = jpeg_of(file, 1)
    assert data[:2] == b"\xff\xd8" and data in file.getvalue() and orientation == 1


@pytest.mark.parametrize(
    "file",
    [
        encoded("PNG"),
        encoded("JPEG", Image.fromarray(RGB).convert("CMYK")),
        io.BytesIO(encoded("JPEG").getvalue()[:-2]),
    ],
)
def test_what_is_no_whole_plain_jpeg_is_not(file):
    assert jpeg_of(file, 1) is None


def test_grey_images_have_no_colours():
    assert colours_of(encoded("PNG", Image.fromarray(RGB[..., 0])), 1) is None
