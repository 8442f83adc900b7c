"""Every kind of image file that Pillow, OpenCV and tifffile write gives the strips of 8 bits."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, features

from model.images.frame import is_for_pillow
from model.images.pages import count_pages, decode_page
from model.line_images.rectify import rectify_page
from schemas.records import Line, Page
from tests.drawn import encoded, text_strip
from tests.drawn_tiff import grey_tiff
from tests.fakes import writing_of

WORDS = ("acte de mariage", "fils majeur de", "notaire")


def drawn_page() -> np.ndarray:
    """Three lines on shaded paper, the ink not black and the paper not white."""
    page = np.full((260, 560), 255, np.uint8)
    for number, text in enumerate(WORDS):
        strip = text_strip(text)[:, :500]
        page[20 + 76 * number :][:64, 30 : 30 + strip.shape[1]] = strip
    shade = np.linspace(0.85, 0.95, page.shape[1])
    return (20 + page * (235 / 255) * shade).astype(np.uint8)


GREY = drawn_page()
PIL = Image.fromarray(GREY)
BASELINES = [((30, 64 + 76 * n), (520, 64 + 76 * n)) for n in range(len(WORDS))]


def strips(grey: np.ndarray) -> list[np.ndarray]:
    lines = tuple(Line(f"l{n}", n, baseline=baseline) for n, baseline in enumerate(BASELINES))
    height_px, width_px = grey.shape
    page = Page("page", lines, width_px, height_px)
    # The size of the writing is given: what differs is then the pixels alone.
    return rectify_page(grey, page, 64, writing_of(45, 19))


EXPECTED = strips(GREY)


def wide(dtype: str, white: float, copies: int = 1) -> np.ndarray:
    """The page in samples of another depth, several times side by side."""
    samples = np.round(GREY * (white / 255)) if dtype[0] in "ui" else GREY * (white / 255)
    return np.repeat(samples.astype(dtype)[..., None], copies, axis=2)


def opaque(samples: np.ndarray, white: float) -> np.ndarray:
    return np.concatenate([samples, np.full_like(samples[..., :1], white)], axis=2)


def of_zero(samples: np.ndarray, white: float) -> np.ndarray:
    """The page where 0 is white."""
    return (white - samples).astype(samples.dtype)


def cmyk(white: int) -> np.ndarray:
    black = of_zero(wide(f"u{(white > 255) + 1}", white), white)
    return np.concatenate([np.zeros_like(black)] * 3 + [black], axis=2)


def cv(kind: str, pixels: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(kind, pixels, options)[1].tobytes()


def lab(depth: int) -> np.ndarray:
    """The page as CIELab: Pillow's 8 bits, or twice as many."""
    samples = np.asarray(PIL.convert("RGB").convert("LAB")).astype(np.uint8)
    return samples if depth == 8 else samples.astype(np.uint16) * 257


def png_16_transparent() -> bytes:
    samples = wide("u2", 65535)[..., 0].copy()
    # The paper around the writing is clear, and black below.
    samples[:4] = 7
    return encoded(Image.fromarray(samples), "PNG", transparency=7)


EXACT, ROUNDED, LOSSY = 0.0, 1.0, 4.0
U10, U12, U16 = wide("u2", 1023), wide("u2", 4095), wide("u2", 65535)
TIFFS = {
    "16 bits": (U16, {}, EXACT),
    "16 bits, big-endian": (U16, {"order": ">"}, EXACT),
    "16 bits, 0 is white": (of_zero(U16, 65535), {"photometric": 0}, ROUNDED),
    "16 bits, 0 is white, big-endian": (
        of_zero(U16, 65535), {"photometric": 0, "order": ">"}, ROUNDED),
    "10 bits in 16": (U10, {}, ROUNDED),
    "12 bits in 16": (U12, {}, ROUNDED),
    "10 bits in 16, 0 is white": (of_zero(U10, 1023), {"photometric": 0}, ROUNDED),
    "10 bits in 16, colour": (wide("u2", 1023, 3), {"photometric": 2}, ROUNDED),
    "14 bits in 16, stated": (wide("u2", 16383), {"tags": {281: [16383]}}, ROUNDED),
    "10 bits, packed": (U10, {"packed_bits": 10}, ROUNDED),
    "12 bits, packed, 0 is white": (
        of_zero(U12, 4095), {"packed_bits": 12, "photometric": 0}, ROUNDED),
    "32 bits": (wide("u4", 4294967295), {}, ROUNDED),
    "signed 16 bits": (wide("i2", 32767), {}, ROUNDED),
    "half floats 0 to 1": (wide("f2", 1), {}, ROUNDED),
    "floats 0 to 1": (wide("f4", 1), {}, ROUNDED),
    "floats 0 to 255": (wide("f4", 255), {}, EXACT),
    "doubles 0 to 1": (wide("f8", 1), {}, ROUNDED),
    "floats 0 to 1, 0 is white": (1 - wide("f4", 1), {"photometric": 0}, ROUNDED),
    "colours in floats": (wide("f4", 1, 3), {"photometric": 2}, ROUNDED),
    "floats, predicted": (wide("f4", 1, 3), {
        "photometric": 2, "deflate": True, "predictor": 3}, ROUNDED),
    "planes of 8 bits": (wide("u1", 255, 3), {"photometric": 2, "planar": 2}, EXACT),
    "planes of 16 bits": (wide("u2", 65535, 3), {"photometric": 2, "planar": 2}, EXACT),
    "planes of 16 bits, deflated": (wide("u2", 65535, 3), {
        "photometric": 2, "planar": 2, "deflate": True}, EXACT),
    "planes of 16 bits, predicted": (wide("u2", 65535, 3), {
        "photometric": 2, "planar": 2, "deflate": True, "predictor": 2}, EXACT),
    "planes of 16 bits, tiled": (wide("u2", 65535, 3), {
        "photometric": 2, "planar": 2, "tile_px": 64}, EXACT),
    "colours of 16 bits, predicted, tiled": (wide("u2", 65535, 3), {
        "photometric": 2, "deflate": True, "predictor": 2, "tile_px": 48}, EXACT),
    "grey and opacity of 8 bits": (
        opaque(wide("u1", 255), 255), {"tags": {338: [2]}}, EXACT),
    "grey and opacity of 16 bits": (opaque(U16, 65535), {"tags": {338: [2]}}, ROUNDED),
    "colours and opacity of 16 bits": (
        opaque(wide("u2", 65535, 3), 65535), {"photometric": 2, "tags": {338: [2]}}, ROUNDED),
    "inks of 8 bits": (cmyk(255), {"photometric": 5}, ROUNDED),
    "inks of 16 bits": (cmyk(65535), {"photometric": 5}, ROUNDED),
    "CIELab": (lab(8), {"photometric": 8}, ROUNDED + 1),
    "CIELab in planes": (lab(8), {"photometric": 8, "planar": 2}, ROUNDED + 1),
    "CIELab of 16 bits": (lab(16), {"photometric": 8}, ROUNDED + 1),
}  # fmt: skip
FILES = {
    "PNG": (encoded(PIL, "PNG"), EXACT),
    "PNG, colour": (encoded(PIL.convert("RGB"), "PNG"), EXACT),
    "PNG, clear": (encoded(PIL.convert("RGBA"), "PNG"), EXACT),
    "PNG of 16 bits": (cv(".png", U16), EXACT),
    "PNG of 16 bits, with a transparent value": (png_16_transparent(), ROUNDED),
    "PNG of 16 bits, colour": (cv(".png", wide("u2", 65535, 3)), EXACT),
    "PNG of 16 bits, clear": (cv(".png", opaque(wide("u2", 65535, 3), 65535)), EXACT),
    "PNG that holds 10 bits": (cv(".png", U10), ROUNDED),
    "PNG that holds 12 bits, colour": (cv(".png", wide("u2", 4095, 3)), ROUNDED),
    "PNG that holds 10 bits, clear": (
        cv(".png", opaque(wide("u2", 1023, 3), 1023)), ROUNDED),
    "JPEG": (encoded(PIL, "JPEG", quality=95), LOSSY),
    "JPEG, colour": (encoded(PIL.convert("RGB"), "JPEG", quality=95), LOSSY),
    "JPEG, inks": (encoded(PIL.convert("CMYK"), "JPEG", quality=95), LOSSY),
    "JPEG, progressive": (encoded(PIL, "JPEG", quality=95, progressive=True), LOSSY),
    "JPEG without end": (encoded(PIL, "JPEG", quality=95)[:-2], LOSSY),
    "JPEG, progressive, without end": (
        encoded(PIL, "JPEG", quality=95, progressive=True)[:-2], LOSSY),
    "GIF": (encoded(PIL, "GIF"), EXACT),
    "BMP": (encoded(PIL, "BMP"), EXACT),
    "BMP, colour": (encoded(PIL.convert("RGB"), "BMP"), EXACT),
    "WebP": (encoded(PIL, "WEBP", lossless=True), EXACT),
    "JPEG 2000": (encoded(PIL, "JPEG2000"), EXACT),
    "JPEG 2000, stream alone": (encoded(PIL, "JPEG2000", no_jp2=True), EXACT),
    "JPEG 2000 of 16 bits": (cv(".jp2", U16), ROUNDED),
    "TIFF, LZW": (encoded(PIL, "TIFF", compression="tiff_lzw"), EXACT),
    "TIFF, JPEG": (encoded(PIL, "TIFF", compression="jpeg", quality=95), LOSSY),
    "TIFF, palette": (encoded(PIL.convert("P"), "TIFF"), EXACT),
    "TIFF of 32 bits": (encoded(Image.fromarray(GREY.astype(np.int32)), "TIFF"), EXACT),
    "TIFF by OpenCV": (cv(".tif", wide("u2", 65535, 3)), EXACT),
    "TIFF of floats by OpenCV": (cv(".tif", wide("f4", 1)), ROUNDED),
    "TIFF of doubles by OpenCV": (cv(".tif", wide("f8", 1, 3)), ROUNDED),
    **{
        f"TIFF: {name}": (grey_tiff(samples, **options), bound)
        for name, (samples, options, bound) in TIFFS.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_kind_of_file_gives_the_strips_of_8_bits(name):
    data, bound = FILES[name]
    assert count_pages(io.BytesIO(data)) == 1
    found = strips(decode_page(io.BytesIO(data), 1))
    for strip, expected in zip(found, EXPECTED):
        assert strip.shape == expected.shape
        assert np.abs(strip.astype(int) - expected).mean() <= bound


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow lacks AVIF")
def test_avif_gives_the_strips_of_8_bits():
    grey = decode_page(io.BytesIO(encoded(PIL, "AVIF", quality=95)), 1)
    differences = [np.abs(a.astype(int) - b).mean() for a, b in zip(strips(grey), EXPECTED)]
    assert max(differences) <= LOSSY


def test_a_tiff_of_deep_samples_is_turned_by_its_orientation():
    turned = np.rot90(U16, 1)
    data = grey_tiff(np.ascontiguousarray(turned), planar=1, tags={274: [6]})
    floats = grey_tiff(np.rot90(wide("f8", 1), 1), tags={274: [6]})
    for file in (data, floats):
        assert np.abs(decode_page(io.BytesIO(file), 1).astype(int) - GREY).max() <= 1


@pytest.mark.parametrize("end", [200, 5000, -3000])
def test_deep_samples_that_are_cut_off_are_reported(end):
    data = grey_tiff(wide("f8", 1, 3), photometric=2)
    with pytest.raises(ValueError, match="does not decode"):
        decode_page(io.BytesIO(data[:end]), 1)


def test_deep_samples_of_too_many_pixels_are_rejected_before_they_are_unpacked():
    data = grey_tiff(wide("f8", 1), tags={256: [60_000], 257: [60_000]})
    with pytest.raises(ValueError, match="60000 x 60000 px; scale it down"):
        decode_page(io.BytesIO(data), 1)


@pytest.mark.parametrize(
    ("data", "is_for"),
    [
        (encoded(PIL, "PNG"), True),
        (encoded(PIL.convert("RGB"), "TIFF"), True),
        (grey_tiff(wide("u2", 65535, 3), photometric=2, planar=2), False),
        (b"", True),
    ],
)
def test_what_pillow_reads_wrongly_is_known(data, is_for):
    assert is_for_pillow(io.BytesIO(data)) == is_for
