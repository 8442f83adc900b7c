from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from model.images.dpi import page_dpi
from model.images.pages import count_pages, decode_page
from tests.drawn import encoded
from tests.drawn_files import pdf_page

GREY = Image.fromarray(np.full((60, 40), 200, np.uint8))


def saved(kind: str, **options) -> io.BytesIO:
    return io.BytesIO(encoded(GREY, kind, **options))


def with_exif(kind: str, tags: dict[int, object]) -> io.BytesIO:
    exif = Image.Exif()
    exif.update(tags)
    return saved(kind, exif=exif)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_the_resolution_in_the_header_is_read(kind):
    assert page_dpi(saved(kind, dpi=(300, 300))) == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "JPEG2000"])
def test_a_header_without_a_resolution_gives_none(kind):
    assert page_dpi(saved(kind)) is None


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_exif_is_read(kind):
    base = ExifTags.Base
    inches = {base.XResolution: 400.0, base.YResolution: 400.0, base.ResolutionUnit: 2}
    assert page_dpi(with_exif(kind, inches)) == pytest.approx(400)
    assert page_dpi(with_exif(kind, inches | {base.ResolutionUnit: 3})) == pytest.approx(1016)
    assert page_dpi(with_exif(kind, {base.Make: "a camera"})) is None


def test_centimetres_and_aspect_ratios_in_tiff():
    unit = {"resolution_unit": "cm", "x_resolution": 200.0, "y_resolution": 200.0}
    assert page_dpi(saved("TIFF", **unit)) == pytest.approx(508)
    assert page_dpi(saved("TIFF", tiffinfo={282: 2.0, 283: 1.0, 296: 1})) is None


def test_the_lower_resolution_of_the_axes_is_returned():
    assert page_dpi(saved("TIFF", dpi=(204, 98))) == 98


@pytest.mark.parametrize("dpi", [1, 19, 60_000])
def test_an_implausible_resolution_is_ignored(dpi):
    assert page_dpi(saved("TIFF", dpi=(dpi, dpi))) is None


def test_each_page_of_a_tiff_has_its_own_resolution():
    file = io.BytesIO()
    second = GREY.copy()
    second.encoderinfo = {"dpi": (600, 600)}
    GREY.save(file, "TIFF", save_all=True, append_images=[second], dpi=(300, 300))
    assert page_dpi(file, 1) == 300 and page_dpi(file, 2) == 600


@pytest.mark.parametrize("dpi", [150, 300])
def test_the_resolution_of_a_pdf_follows_from_the_size_of_the_page(dpi):
    file = saved("PDF", resolution=dpi)
    grey = decode_page(file, 1)
    assert page_dpi(file, 1, grey.shape[1]) == pytest.approx(dpi, rel=0.01)


def test_the_resolution_of_a_scan_is_that_of_its_place_on_the_page():
    """Twelve points below the scan are a stamp."""
    place = b"q 72 0 0 72 0 12 cm /I Do Q"
    size = b"/Width 300/Height 300/ColorSpace/DeviceGray/BitsPerComponent 8"
    for turned, expected in ((b"", 300), (b"/Rotate 90", 300)):
        data = pdf_page(place, size, bytes(90_000), b"/MediaBox[0 0 72 84]" + turned)
        file = io.BytesIO(data)
        assert page_dpi(file, 1, decode_page(file, 1).shape[1]) == expected


@pytest.mark.parametrize("data", [b"", b"no image", b"%PDF-1.4 broken", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_file_has_no_resolution(data):
    assert page_dpi(io.BytesIO(data), 1, 100) is None


def test_a_tiff_that_mentions_the_header_of_a_pdf_is_read_as_a_tiff():
    file = saved("TIFF", dpi=(300, 300), tiffinfo={270: "exported from %PDF-1.7"})
    assert b"%PDF-" in file.getvalue()[:1024]
    assert count_pages(file) == 1
    assert page_dpi(file) == 300


def test_a_page_that_does_not_exist_has_no_resolution():
    assert page_dpi(saved("TIFF", dpi=(300, 300)), 7) is None
