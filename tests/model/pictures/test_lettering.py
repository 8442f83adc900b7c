from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from model.pictures.lettering import draw_text, text_height_px, text_width_px

INK = (10, 20, 30)


def drawn(text: str, size_px: int = 30) -> np.ndarray:
    width_px = round(text_width_px(text, size_px)) + 20
    picture = Image.new("RGB", (width_px, text_height_px(size_px) + 20), "white")
    draw_text(ImageDraw.Draw(picture), (10, 10), text, size_px, INK)
    return np.asarray(picture)


@pytest.mark.parametrize("letter", "éèêëàâçùûîïôöñĉĝŝŭőÉÀÇąž")
def test_a_letter_with_a_mark_is_the_base_letter_with_more_ink(letter):
    plain = drawn(unicodedata.normalize("NFD", letter)[0])
    marked = drawn(letter)
    assert marked.shape == plain.shape
    assert (marked != plain).any() and marked.sum() < plain.sum()


def test_different_marks_look_different():
    pictures = [drawn(letter).tobytes() for letter in "aàáâãäā"]
    assert len(set(pictures)) == len(pictures)


def test_ligatures_are_replaced_by_letters():
    assert (drawn("œuvre") == drawn("oeuvre")).all()


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12))
def test_any_text_can_be_drawn(text):
    assert drawn(text).shape[0] == text_height_px(30) + 20
