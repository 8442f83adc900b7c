"""Views of a text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.text_views import (
    RAW,
    TEXT_VIEWS,
    case_folded,
    without_diacritics,
    without_punctuation,
)
from model.text.charset import normalise_text

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    "aÉe\u0301œß’- ,.١\u0300", max_size=12
)
VIEWS = pytest.mark.parametrize("view", TEXT_VIEWS.values(), ids=TEXT_VIEWS)


@VIEWS
@given(text=ANY_TEXT)
def test_every_view_returns_normalised_text(view, text):
    assert view(text) == normalise_text(view(text))


@VIEWS
@given(text=ANY_TEXT)
def test_the_unicode_normal_form_does_not_matter(view, text):
    assert view(unicodedata.normalize("NFD", text)) == view(unicodedata.normalize("NFC", text))


@given(ANY_TEXT)
def test_a_view_removes_its_characters(text):
    assert not any(unicodedata.category(c)[0] == "P" for c in without_punctuation(text))
    bare = unicodedata.normalize("NFD", without_diacritics(text))
    assert not any(unicodedata.category(c) == "Mn" for c in bare)


@given(st.text("abcxyz 0189", max_size=12))
def test_plain_text_is_unchanged(text):
    assert {view(text) for view in TEXT_VIEWS.values()} == {normalise_text(text)}


@given(st.text("aÉßſİ ", max_size=8))
def test_case_folding_removes_differences_of_case(text):
    assert case_folded(text.upper()) == case_folded(text.upper().casefold())


def test_punctuation_between_spaces_leaves_one_space():
    assert without_punctuation("Paris , le « 12 »") == "Paris le 12"
    assert TEXT_VIEWS[RAW](" a\u0301 \t b") == "á b"
