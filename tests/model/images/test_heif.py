"""HEIC and AVIF: read where a package reads them, else an error that names it."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from model.images import heif
from model.images.pages import count_pages, decode_page
from tests.drawn import text_strip

GREY = text_strip("acte de mariage")
HEIC_HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)
GENERAL_AVIF_HEAD = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(40)
AVIF_HEAD = b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(40)


@pytest.mark.parametrize("use", [count_pages, lambda file: decode_page(file, 1)])
def test_heic_without_its_package_is_reported_with_the_cure(use, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ValueError, match="image is HEIC; pip install pillow-heif .*JPEG"):
        use(io.BytesIO(HEIC_HEAD))


@pytest.mark.parametrize("head", [AVIF_HEAD, GENERAL_AVIF_HEAD])
def test_avif_without_its_decoder_is_reported_with_the_cure(head, monkeypatch):
    monkeypatch.setattr(heif.features, "check", lambda name: False)
    with pytest.raises(ValueError, match="image is AVIF.*pip install 'pillow>=11.3'"):
        decode_page(io.BytesIO(head), 1)


def test_a_film_is_no_image():
    with pytest.raises(ValueError, match="does not decode"):
        decode_page(io.BytesIO(HEIC_HEAD.replace(b"heic", b"isom")), 1)


def test_heic_is_read_where_its_package_is_installed():
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(GREY).convert("RGB")).save(file, quality=95)
    assert count_pages(file) == 1
    assert np.abs(decode_page(file, 1).astype(int) - GREY).mean() < 4


def test_a_broken_heic_is_reported():
    pytest.importorskip("pillow_heif")
    with pytest.raises(ValueError, match="does not decode"):
        decode_page(io.BytesIO(HEIC_HEAD), 1)
