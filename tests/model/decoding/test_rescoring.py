"""The second pass: how texts are weighed again, and who asks for it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoding.config import BEAM, DecodingConfig
from model.decoding.ctc import Beam
from model.decoding.rescoring import SecondPass, apply_gains
from model.decoding.settings import DecodingSettings
from model.language.recurrent_model import RecurrentLanguageModel
from model.recogniser import bundle
from model.recogniser.decoding_plan import open_decoder, plan_decoding
from model.recogniser.recogniser import Recogniser
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import CHARACTERS, write_fake_bundle, write_fake_recurrent, write_language_model

IMAGE = LineImage("p.png", Line("l", 0), text_strip("abbé de cade"))
WEIGHTS = st.lists(st.floats(1e-6, 1), min_size=1, max_size=6, unique=True)
GAINS = st.lists(st.floats(-60, 60), min_size=1, max_size=6)


@st.composite
def searched(draw):
    """Beams, the weightiest first, and gains of the first of them."""
    weights = sorted(draw(WEIGHTS), reverse=True)
    texts = draw(st.permutations([(1,) * length for length in range(len(weights))]))
    return [Beam(text, weight) for text, weight in zip(texts, weights)], draw(GAINS)[: len(texts)]


@given(searched())
def test_texts_stay_and_are_in_order(found):
    beams, gains = found
    again = apply_gains(beams, gains)
    assert sorted(beam.labels for beam in again) == sorted(beam.labels for beam in beams)
    weights = [beam.weight for beam in again]
    assert weights == sorted(weights, reverse=True) and math.isclose(weights[0], 1)


@given(searched())
def test_equal_gains_change_nothing(found):
    beams, gains = found
    again = apply_gains(beams, [gains[0]] * len(gains))
    assert [beam.labels for beam in again] == [beam.labels for beam in beams]
    for beam, before in zip(again, beams):
        assert math.isclose(beam.weight * beams[0].weight, before.weight, rel_tol=1e-9)


@given(searched())
def test_what_was_not_asked_about_stays_behind_the_first(found):
    beams, gains = found
    weights = {beam.labels: beam.weight for beam in apply_gains(beams, gains)}
    for beam in beams[len(gains) :]:
        assert weights[beam.labels] <= weights[beams[0].labels]


@pytest.fixture
def model(tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    write_language_model(directory, ["abbé de cade"])
    write_fake_recurrent(directory, "e")
    return directory


def set_share(directory, share):
    settings = DecodingSettings(recurrent_share=share)
    (directory / bundle.DECODING_FILE).write_text(settings.to_json())
    return bundle.load_bundle(directory)


def test_only_the_texts_that_may_win_are_asked_about(model):
    whole = bundle.load_bundle(model)
    language_model = whole.open_language_model()
    recurrent = RecurrentLanguageModel(whole.recurrent_path, whole.charset)
    second_pass = SecondPass(language_model, recurrent, 0.5)
    texts = [tuple(whole.charset.encode(text)) for text in ("ab", "ae", "ac")]
    beams = [Beam(text, weight) for text, weight in zip(texts, (1.0, 0.5, 0.1))]
    again = second_pass.weigh(beams, 1.0)
    assert [beam.labels for beam in again] == [texts[1], texts[0], texts[2]]
    assert again[2].weight / again[1].weight == pytest.approx(0.1)
    changes = [
        log_recurrent - language_model.log_line(text)
        for text, log_recurrent in zip(texts, recurrent.log_probabilities(texts))
    ]
    expected = math.log(0.5) + (changes[1] - changes[0]) / 2
    assert math.log(again[0].weight / again[1].weight) == pytest.approx(expected)
    assert second_pass.weigh([beams[0], beams[2]], 1.0) == [beams[0], beams[2]]


def test_a_search_is_weighed_again(model):
    # An a, or rather less an e.
    seen = np.full((1, len(CHARACTERS) + 1), np.log(1e-6), np.float32)
    seen[0, bundle.load_bundle(model).charset.encode("ae")] = np.log([0.7, 0.3])
    config = DecodingConfig(BEAM)
    once, again = (
        open_decoder(changed, config, plan_decoding(changed, config)).decode(seen)
        for changed in (set_share(model, 0), set_share(model, 0.5))
    )
    assert (once.text, again.text) == ("a", "e")
    assert sum(share for _, share in again.lines) == pytest.approx(1)
    assert again.lines[0][0] == again.text


def test_the_best_path_takes_no_notice_of_it(model):
    alone = Recogniser(set_share(model, 0)).read(IMAGE)
    assert Recogniser(set_share(model, 0.9)).read(IMAGE) == alone


def test_the_recurrent_model_belongs_to_what_a_search_does(model):
    whole = set_share(model, 0.5)
    searched, greedy = whole.digest(BEAM), whole.digest()
    assert set_share(model, 0.6).digest(BEAM) != searched
    assert set_share(model, 0.5).digest(BEAM) == searched
    write_fake_recurrent(model, "a")
    assert whole.digest(BEAM) != searched and whole.digest() == greedy


def missing(directory):
    (directory / bundle.RECURRENT_FILE).unlink()


def damaged(directory):
    (directory / bundle.RECURRENT_FILE).write_bytes(b"no network")


def of_another_charset(directory):
    other = bundle.DEFAULT_FOLDER / bundle.RECURRENT_FILE
    (directory / bundle.RECURRENT_FILE).write_bytes(other.read_bytes())


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (missing, "no recurrent_language_model.onnx; copy the model anew"),
        (damaged, "recurrent_language_model.onnx cannot be loaded"),
        (of_another_charset, "recurrent_language_model.onnx belongs to another charset"),
    ],
)
def test_without_its_model_lines_are_read_greedily(model, spoil, reason):
    spoil(model)
    reader = Recogniser(set_share(model, 0.5), DecodingConfig(BEAM))
    assert reader.decoding_method == "greedy"
    assert reason in reader.decoding_note and "lines were read greedily" in reader.decoding_note
