"""Lexicons: lists of known words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.language.lexicon import Lexicon, words_of


@given(st.sets(st.text("abcdé", min_size=1), min_size=1), st.text("abcdé", min_size=1))
def test_a_lexicon_holds_its_words_and_no_others(words, other):
    lexicon = Lexicon(words)
    assert len(lexicon) == len(words)
    assert all(word in lexicon and word.capitalize() in lexicon for word in words)
    assert (other in lexicon) == (other in words)


def test_a_capitalised_word_is_not_known_in_lower_case():
    assert "paris" not in Lexicon(["Paris"])


def test_words_are_runs_of_letters():
    assert list(words_of("J_ai 2ème ﬁn.")) == ["J", "ai", "ème", "ﬁn"]


def test_no_words_and_too_many_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="without words; give at least one word"):
        Lexicon([])
    monkeypatch.setattr("model.language.lexicon.MOST_WORDS", 10)
    with pytest.raises(ValueError, match="more than 10 words; leave rare ones out"):
        Lexicon(map(str, range(11)))
