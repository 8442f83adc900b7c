"""Decoding of logits to text, confidences and alternatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from model.decoding.config import BEAM, GREEDY, BeamConfig
from model.decoding.ctc import decode_greedy
from model.decoding.decoder import Decoder
from model.language.ngram_build import build_language_model
from model.language.ngram_model import LanguageModel
from model.text.charset import Charset

CHARSET = Charset(("a", "b", "é"))
LOGITS = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 20), st.just(CHARSET.class_count)),
    elements=st.floats(-15, 15, width=32),
)


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(["ab", "béa", "abé"], CHARSET))
    return LanguageModel.open(path, CHARSET)


@given(LOGITS)
def test_a_beam_of_width_0_equals_the_best_path_to_the_last_bit(logits):
    decoded = Decoder(CHARSET, BeamConfig(width=0)).decode(logits)
    text, confidence, characters = decode_greedy(logits, CHARSET)
    assert decoded.method == GREEDY
    assert (decoded.text, decoded.confidence, decoded.characters) == (text, confidence, characters)
    assert decoded.lines == ()


@settings(deadline=None)
@given(LOGITS, st.sampled_from([0.5, 1.0, 3.0]))
def test_text_confidences_and_alternatives_are_consistent(language_model, logits, temperature):
    decoder = Decoder(CHARSET, BeamConfig(), language_model, temperature=temperature)
    decoded = decoder.decode(logits)
    assert decoded.method == BEAM
    assert decoded.text == "".join(c.text for c in decoded.characters) == decoded.lines[0][0]
    assert sum(probability for _, probability in decoded.lines) == pytest.approx(1)
    assert len({text for text, _ in decoded.lines}) == len(decoded.lines)
    for character in decoded.characters:
        others = character.alternatives
        assert len(others) <= 3
        assert character.text not in [text for text, _ in others]
        assert character.confidence + sum(p for _, p in others) <= 1 + 1e-6
        assert [p for _, p in others] == sorted((p for _, p in others), reverse=True)
    assert 0 <= decoded.sequence_probability <= decoded.least_confidence <= 1
    assert decoded.least_confidence <= decoded.confidence + 1e-9


def test_alternatives_are_the_other_labels_of_the_network():
    logits = np.log([[0.02, 0.6, 0.35, 0.03], [0.97, 0.01, 0.01, 0.01]])
    decoded = Decoder(CHARSET, BeamConfig(length_bonus=0.0, blank_penalty=0.0)).decode(logits)
    assert decoded.text == "a"
    others = decoded.characters[0].alternatives
    expected = [("b", 0.35), ("é", 0.03), ("", 0.02)]
    assert [(text, round(probability, 2)) for text, probability in others] == expected


def test_temperature_changes_only_confidences():
    logits = np.log([[0.02, 0.6, 0.35, 0.03], [0.97, 0.01, 0.01, 0.01]])
    for width in (0, 4):
        config = BeamConfig(width=width, length_bonus=0.0)
        plain = Decoder(CHARSET, config).decode(logits)
        tempered = Decoder(CHARSET, config, temperature=2.0).decode(logits)
        assert tempered.text == plain.text
        assert 0.5 < tempered.confidence < plain.confidence


@pytest.mark.parametrize("width", [0, 16])
def test_bad_logits_are_refused(width):
    decoder = Decoder(CHARSET, BeamConfig(width=width))
    with pytest.raises(ValueError, match="not numbers"):
        decoder.decode(np.full((3, 4), np.nan))
    with pytest.raises(ValueError, match="5 outputs but the charset 4"):
        decoder.decode(np.zeros((3, 5)))


def test_a_blank_line_is_empty_with_high_confidence(language_model):
    logits = np.tile([9.0, 0.0, 0.0, 0.0], (30, 1))
    decoded = Decoder(CHARSET, BeamConfig(), language_model).decode(logits)
    assert decoded.text == ""
    assert decoded.confidence == decoded.least_confidence > 0.99


def test_a_model_of_another_charset_is_refused(language_model):
    with pytest.raises(ValueError, match="another charset"):
        Decoder(Charset(("a", "b")), BeamConfig(), language_model)
