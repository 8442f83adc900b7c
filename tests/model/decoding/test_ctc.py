"""Greedy CTC decoding."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from model.decoding.ctc import decode_greedy, softmax
from model.text.charset import Charset

CHARSET = Charset(("a", "b", "é"))
LOGITS = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 20), st.just(CHARSET.class_count)),
    elements=st.floats(-30, 30, width=32),
)


@given(LOGITS)
def test_the_text_is_the_collapsed_best_path(logits):
    best = logits.argmax(axis=-1).tolist()
    expected = "".join(CHARSET.characters[k - 1] for k, _ in groupby(best) if k)
    text, _, characters = decode_greedy(logits, CHARSET)
    assert text == expected == "".join(c.text for c in characters)


@given(LOGITS)
def test_confidences_are_probabilities(logits):
    _, confidence, characters = decode_greedy(logits, CHARSET)
    assert 0 < confidence <= 1
    assert all(1 / CHARSET.class_count <= c.confidence <= 1.0001 for c in characters)


@given(LOGITS)
def test_a_shift_of_the_logits_changes_nothing(logits):
    assert np.allclose(softmax(logits), softmax(logits + 7), atol=1e-5)


def test_a_character_takes_the_peak_of_its_run():
    logits = np.log([[0.1, 0.6, 0.2, 0.1], [0.1, 0.8, 0.05, 0.05], [0.7, 0.1, 0.1, 0.1]])
    _, confidence, characters = decode_greedy(logits, CHARSET)
    assert [round(c.confidence, 3) for c in characters] == [0.8]
    assert confidence == pytest.approx(0.8)


@given(LOGITS)
def test_alternatives_are_the_other_labels_of_the_peak_step(logits):
    _, _, characters = decode_greedy(logits, CHARSET)
    steps = [[*step] for step in softmax(np.asarray(logits, np.float32)).tolist()]
    for character in characters:
        others = [probability for _, probability in character.alternatives]
        assert others == sorted(others, reverse=True) and len(others) <= 3
        assert all(0.01 <= probability <= character.confidence for probability in others)
        # All of them are from one step, that of the character.
        label = CHARSET.characters.index(character.text) + 1
        assert any(
            step[label] == character.confidence and all(other in step for other in others)
            for step in steps
        )


def test_an_alternative_may_be_the_blank():
    logits = np.log([[0.3, 0.6, 0.095, 0.005]])
    (character,) = decode_greedy(logits, CHARSET)[2]
    others = [(text, round(p, 3)) for text, p in character.alternatives]
    assert others == [("", 0.3), ("b", 0.095)]


def test_logits_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="not numbers"):
        decode_greedy(np.full((3, 4), np.nan), CHARSET)


def test_a_charset_of_another_network_is_refused():
    with pytest.raises(ValueError, match="5 outputs but the charset 4"):
        decode_greedy(np.zeros((3, 5)), CHARSET)
