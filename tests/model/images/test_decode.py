"""Decoding of page images and normalisation of their background."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from model.images.background import even_background
from model.images.decode import decode_image
from tests.drawn import encoded, jpeg, png, text_strip

GREY = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "JPEG2000"])
def test_lossless_formats_are_decoded_exactly(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(decode_image(encoded(Image.fromarray(GREY), kind, **options)), GREY)


def test_colour_is_converted_to_greyscale():
    assert decode_image(encoded(Image.new("RGB", (5, 4), "red"), "PNG")).tolist() == [[76] * 5] * 4


def test_a_transparent_page_gets_a_white_background():
    clear = Image.new("RGBA", (3, 2), (0, 0, 0, 0))
    assert (decode_image(encoded(clear, "PNG")) == 255).all()


def test_sixteen_bit_images_are_scaled_to_eight_bits():
    wide = Image.fromarray(GREY.astype(np.uint16) * 257)
    assert np.abs(decode_image(encoded(wide, "PNG")).astype(int) - GREY).max() <= 1


def test_the_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(jpeg(GREY, exif=exif)).shape == GREY.shape[::-1]


@pytest.mark.parametrize(
    "data", [b"", b"no image", jpeg(text_strip("cut off"))[:-400], png(GREY)[:60], b"GIF89a"]
)
def test_an_invalid_image_is_reported(data):
    with pytest.raises(ValueError, match="does not decode"):
        decode_image(data)


def test_an_image_of_too_many_pixels_is_rejected_before_it_is_decompressed():
    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    size = struct.pack(">IIBBBBB", 30_000, 20_000, 8, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="30000 x 20000"):
        decode_image(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b""))


def test_shading_is_removed_and_writing_kept():
    shade = np.linspace(120, 230, 400).astype(np.uint8)[None].repeat(300, 0)
    page = shade.copy()
    page[140:144, 50:350] = 30
    evened = even_background(page)
    away = np.ones_like(page, bool)
    away[120:164] = False
    assert evened[away].min() > 240
    assert evened[141:143, 60:340].max() < 90


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9)])
def test_tiny_images_are_supported(shape):
    assert even_background(np.full(shape, 200, np.uint8)).shape == shape


@pytest.mark.parametrize(
    ("mode", "kind"), [("1", "PNG"), ("1", "TIFF"), ("P", "PNG"), ("CMYK", "JPEG"), ("LA", "PNG")]
)
def test_dark_and_light_are_kept_in_every_mode(mode, kind):
    halves = Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 40, 0).repeat(20, 1))
    grey = decode_image(encoded(halves.convert("RGB").convert(mode), kind))
    assert grey.dtype == np.uint8 and grey.shape == (40, 40)
    assert grey[:, :18].max() < 20 and grey[:, 22:].min() > 235


def test_a_palette_may_be_partly_transparent():
    image = Image.fromarray(GREY).convert("P")
    assert decode_image(encoded(image, "PNG", transparency=0)).shape == GREY.shape


def test_a_tiff_that_decompresses_to_more_than_its_header_states_is_bounded():
    """Its strip contains a hundred times the pixels that its header states."""
    black = Image.fromarray(np.zeros((2000, 2000), np.uint8))
    file = encoded(black, "TIFF", compression="tiff_lzw")
    height = struct.pack("<HHIHH", 257, 3, 1, 2000, 0)
    assert file.count(height) == 1
    small = file.replace(height, struct.pack("<HHIHH", 257, 3, 1, 20, 0))
    assert decode_image(small).shape == (20, 2000)
