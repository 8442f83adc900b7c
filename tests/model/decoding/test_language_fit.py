"""How unlikely a language model finds what the network is sure of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import DEFAULT_FOLDER
from model.decoding.language_fit import MOST_SURPRISE_NATS, Surprise, measure_surprise
from model.language.ngram_build import build_language_model
from model.language.ngram_model import LanguageModel
from model.recogniser.bundle import load_bundle
from model.text.charset import Charset

CHARSET = Charset(tuple(" abcdefghij"))
KNOWN = "abba deca face "


def logits_of(text, charset, confidence=0.99):
    """Return logits in which each character of a text has a probability, and a blank after it."""
    labels = [label for one in charset.encode(text) for label in (one, 0)]
    others = (1 - confidence) / (charset.class_count - 1)
    probabilities = np.full((len(labels), charset.class_count), others, np.float32)
    probabilities[np.arange(len(labels)), labels] = confidence
    return np.log(probabilities)


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("language") / "model.bin"
    path.write_bytes(build_language_model([KNOWN * 3] * 4, CHARSET))
    return LanguageModel.open(path, CHARSET)


def test_text_of_another_language_surprises(language_model):
    known = measure_surprise(logits_of(KNOWN, CHARSET), language_model)
    other = measure_surprise(logits_of("gihj higgi jhh ", CHARSET), language_model)
    assert known.characters == other.characters == len(KNOWN) - 3
    assert known.nats_a_character < MOST_SURPRISE_NATS < other.nats_a_character


def test_only_characters_after_sure_ones_count(language_model):
    assert measure_surprise(logits_of(KNOWN, CHARSET, 0.7), language_model) == Surprise()
    for text in ("", "a", "abb"):
        assert measure_surprise(logits_of(text or " ", CHARSET), language_model) == Surprise()
    logits = logits_of(KNOWN, CHARSET)
    logits[2 * 8] = logits_of(KNOWN, CHARSET, 0.7)[2 * 8]
    # Neither the doubtful character nor the three after it.
    assert measure_surprise(logits, language_model).characters == len(KNOWN) - 3 - 4


@given(st.lists(st.builds(Surprise, st.floats(0, 1e3), st.integers(0, 100)), max_size=9))
def test_the_surprise_of_a_page_does_not_depend_on_the_order_of_its_lines(lines):
    one, other = sum(lines, Surprise()), sum(reversed(lines), Surprise())
    assert one.characters == other.characters
    assert one.nats_a_character == pytest.approx(other.nats_a_character)


FRENCH = (
    "les ouvriers de la maison se sont mis au travail dès le matin",
    "l'an mil huit cent douze, le vingt deux du mois de mai",
)
ENGLISH = (
    "the workmen of the house began their work early in the morning",
    "whereof we have hereunto set our hands this twelfth day of may",
)


@pytest.mark.parametrize(("texts", "is_known"), [(FRENCH, True), (ENGLISH, False)])
def test_the_default_model_knows_its_languages(texts, is_known):
    bundle = load_bundle(DEFAULT_FOLDER)
    model = bundle.open_language_model()
    lines = [measure_surprise(logits_of(text, bundle.charset), model) for text in texts]
    found = sum(lines, Surprise()).nats_a_character
    assert (found <= bundle.decoding.most_surprise_nats) == is_known, found
