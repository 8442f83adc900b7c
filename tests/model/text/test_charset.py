"""Text to labels and back."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.charset import Charset, normalise_text

TEXTS = st.lists(st.text(), max_size=6)


@given(TEXTS)
def test_texts_survive_encoding(texts):
    charset = Charset.of_texts(texts)
    for text in texts:
        assert charset.decode(charset.encode(text)) == text


@given(TEXTS)
def test_blank_is_never_a_label_and_order_does_not_matter(texts):
    charset = Charset.of_texts(texts)
    assert charset == Charset.of_texts(reversed(texts))
    assert all(0 < label < charset.class_count for t in texts for label in charset.encode(t))


@given(TEXTS)
def test_json_holds_it_all(texts):
    charset = Charset.of_texts(texts)
    assert Charset.from_json(charset.to_json()) == charset


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
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
def test_what_is_no_charset_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        Charset.from_json(text)


def test_the_file_says_what_it_is():
    assert json.loads(Charset(("a",)).to_json()) == {
        "blank": 0,
        "normalisation": "NFC",
        "characters": ["a"],
    }
