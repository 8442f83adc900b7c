"""Word counts of texts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.language.lexicon import Lexicon, words_of
from model.language.word_counts import count_words


@pytest.mark.parametrize("word", ["İstanbul", "DİYARBAKIR", "ΟΔΟΣ", "Été"])
def test_a_word_is_counted_whole_and_known(word):
    counts = count_words([f"à {word}, 1912"])
    assert counts == {"à": 1, word.lower(): 1}
    assert word in Lexicon(counts) and word.lower() in Lexicon(counts)


@given(st.text())
def test_a_lexicon_of_counted_words_knows_each_of_them(text):
    words = list(words_of(unicodedata.normalize("NFC", text)))
    counts = count_words([text])
    assert sum(counts.values()) == len(words)
    assert all(word in Lexicon(counts) for word in words)
