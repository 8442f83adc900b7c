"""Negatives are turned and told; ordinary pages, however dark, are not."""

import io

import cv2
import numpy as np
import pytest

from model.images.frame import decode_frame
from model.images.negative import NEGATIVE, is_negative
from model.images.pages import open_page
from tests.drawn import png, text_strip

TEXTS = ("acte de mariage", "fils majeur de", "le maire de Paris", "notaire a Lyon") * 3


def written(ink: int = 40, paper: int = 220) -> np.ndarray:
    page = np.full((64 * len(TEXTS) + 80, 700), 255, np.uint8)
    for number, text in enumerate(TEXTS):
        strip = text_strip(text)
        page[40 + 64 * number :][:64, 60 : 60 + strip.shape[1]] = strip
    return (ink + page * ((paper - ink) / 255)).astype(np.uint8)


def on_ground(page: np.ndarray, level: int, share: float) -> np.ndarray:
    px = round(share * page.shape[1])
    return cv2.copyMakeBorder(page, px, px, px, px, cv2.BORDER_CONSTANT, value=level)


def grained(page: np.ndarray) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, 9, page.shape)
    return np.clip(page + grain, 0, 255).astype(np.uint8)


def slanted(page: np.ndarray) -> np.ndarray:
    """A page on a black table, photographed at a slant."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 7, 0.6)
    return cv2.warpAffine(page, turn, (width, height), borderValue=8)


ORDINARY = {
    "plain": written(),
    "dark paper": written(ink=10, paper=90),
    "underexposed": written(ink=5, paper=45),
    "on black": on_ground(written(), 5, 0.5),
    "small on black": on_ground(written(), 5, 1.0),
    "at a slant on black": slanted(written()),
    "film grain": grained(on_ground(written(), 5, 0.3)),
    "a line": text_strip("le maire de Paris"),
    "a line on black": on_ground(text_strip("le maire de Paris"), 0, 0.1),
    "black": np.zeros((400, 300), np.uint8),
    "noise": np.random.default_rng(1).integers(0, 120, (500, 400)).astype(np.uint8),
    "black, with a label": np.pad(written()[:200, :300], ((0, 600), (0, 600))),
    "dust on black": np.where(np.random.default_rng(2).random((1200, 900)) < 5e-5, 255, 6).astype(
        np.uint8
    ),
    "a speck": np.pad(np.full((1, 1), 255, np.uint8), 15),
    "nothing": np.zeros((1, 1), np.uint8),
}
NEGATIVES = {
    "plain": 255 - written(),
    "photostat": grained(255 - written(ink=30, paper=200)),
    "large writing": 255 - cv2.resize(written()[:400], None, fx=2.5, fy=2.5),
    "small writing": 255 - cv2.resize(written(), None, fx=0.5, fy=0.5),
    "a line": 255 - text_strip("le maire de Paris et de la Seine"),
    "film": grained(on_ground(255 - written(), 250, 0.08)),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_page_is_not_turned(name):
    assert not is_negative(ORDINARY[name])
    page = open_page(io.BytesIO(png(ORDINARY[name])), 1)
    assert np.array_equal(page.grey, ORDINARY[name]) and page.warnings == ()


@pytest.mark.parametrize("name", NEGATIVES)
def test_a_negative_is_turned_with_a_warning(name):
    page = open_page(io.BytesIO(png(NEGATIVES[name])), 1)
    assert np.array_equal(page.grey, 255 - NEGATIVES[name])
    assert page.warnings == (NEGATIVE,)


def test_real_pages_are_told_from_their_negatives(shared_data):
    paths = sorted(shared_data.rglob("*.jpg"))[::40]
    assert len(paths) >= 5
    for path in paths:
        with path.open("rb") as file:
            grey = decode_frame(file, 0).grey
        assert not is_negative(grey), path
        if np.median(grey) > 150:
            assert is_negative(255 - grey), path
