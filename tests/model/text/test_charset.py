"""Text to labels and back."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.charset import Charset, normalise_text

TEXTS = st.lists(st.text(), max_size=6)


@given(TEXTS)
def test_encoding_is_reversible(texts):
    charset = Charset.of_texts(texts)
    for text in texts:
        assert charset.decode(charset.encode(text)) == text


@given(TEXTS)
def test_labels_exclude_the_blank_and_do_not_depend_on_the_order_of_texts(texts):
    charset = Charset.of_texts(texts)
    assert charset == Charset.of_texts(reversed(texts))
    assert all(0 < label < charset.class_count for t in texts for label in charset.encode(t))


@given(TEXTS)
def test_json_is_reversible(texts):
    charset = Charset.of_texts(texts)
    assert Charset.from_json(charset.to_json()) == charset


@given(st.text())
def test_normalisation_is_idempotent(text):
    normal = normalise_text(text)
    assert normalise_text(normal) == normal
    assert unicodedata.is_normalized("NFC", normal)


def test_an_unknown_character_is_named():
    with pytest.raises(ValueError, match="'z'"):
        Charset.of_texts(["abc"]).encode("abz")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('["a"]', "charset is not"),
        ('{"blank": 0}', "charset is not"),
        ('{"blank": 1, "characters": ["a"]}', "blank 1"),
        ('{"blank": 0, "characters": ["ab"]}', "'ab' is not one character"),
        ('{"blank": 0, "characters": ["a", "a"]}', "twice"),
        ('{"blank": 0, "characters": [3]}', "3 is not one character"),
        ("no json", "Expecting value"),
    ],
)
def test_an_invalid_charset_is_rejected(text, reason):
    with pytest.raises(ValueError, match=reason):
        Charset.from_json(text)


def test_the_file_states_blank_and_normal_form():
    assert json.loads(Charset(("a",)).to_json()) == {
        "blank": 0,
        "normalisation": "NFC",
        "characters": ["a"],
    }
