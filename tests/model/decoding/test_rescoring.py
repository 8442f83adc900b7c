"""Rescoring: the order of the hypotheses, and the bundles and methods that use it."""

import math
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoding.config import BEAM, DecodingConfig
from model.decoding.ctc import Beam
from model.decoding.rescoring import Rescorer, apply_gains
from model.decoding.settings import DecodingSettings
from model.language.recurrent_model import RecurrentLanguageModel
from model.recogniser import bundle
from model.recogniser.decoding_plan import open_decoders, plan_decoding
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import CHARACTERS, write_fake_bundle, write_fake_recurrent, write_language_model

IMAGE = LineImage("p.png", Line("l", 0), text_strip("abbé de cade"))
WEIGHTS = st.lists(st.floats(1e-6, 1), min_size=1, max_size=6, unique=True)
GAINS = st.lists(st.floats(-60, 60), min_size=1, max_size=6)


@st.composite
def searched(draw):
    """Draw hypotheses, highest weight first, and gains for the first of them."""
    weights = sorted(draw(WEIGHTS), reverse=True)
    texts = draw(st.permutations([(1,) * length for length in range(len(weights))]))
    return [Beam(text, weight) for text, weight in zip(texts, weights)], draw(GAINS)[: len(texts)]


@given(searched())
def test_rescored_hypotheses_are_complete_and_sorted(found):
    beams, gains = found
    rescored = apply_gains(beams, gains)
    assert sorted(beam.labels for beam in rescored) == sorted(beam.labels for beam in beams)
    weights = [beam.weight for beam in rescored]
    assert weights == sorted(weights, reverse=True) and math.isclose(weights[0], 1)


@given(searched())
def test_equal_gains_change_nothing(found):
    beams, gains = found
    rescored = apply_gains(beams, [gains[0]] * len(gains))
    assert [beam.labels for beam in rescored] == [beam.labels for beam in beams]
    for beam, before in zip(rescored, beams):
        assert math.isclose(beam.weight * beams[0].weight, before.weight, rel_tol=1e-9)


@given(searched())
def test_hypotheses_without_a_gain_stay_behind_the_first(found):
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


def test_only_hypotheses_that_can_win_are_rescored(model):
    whole = bundle.load_bundle(model)
    language_model = whole.open_language_model()
    recurrent = RecurrentLanguageModel(whole.recurrent_path, whole.charset)
    rescorer = Rescorer(language_model, recurrent, 0.5)
    texts = [tuple(whole.charset.encode(text)) for text in ("ab", "ae", "ac")]
    beams = [Beam(text, weight) for text, weight in zip(texts, (1.0, 0.5, 0.1))]
    rescored = rescorer.rescore(beams, 1.0)
    assert [beam.labels for beam in rescored] == [texts[1], texts[0], texts[2]]
    assert rescored[2].weight / rescored[1].weight == pytest.approx(0.1)
    changes = [
        log_recurrent - language_model.line_log_probability(text)
        for text, log_recurrent in zip(texts, recurrent.log_probabilities(texts))
    ]
    expected = math.log(0.5) + (changes[1] - changes[0]) / 2
    assert math.log(rescored[0].weight / rescored[1].weight) == pytest.approx(expected)
    assert rescorer.rescore([beams[0], beams[2]], 1.0) == [beams[0], beams[2]]


def test_a_beam_search_is_rescored(model):
    # "a" with probability 0.7, "e" with 0.3.
    seen = np.full((1, len(CHARACTERS) + 1), np.log(1e-6), np.float32)
    seen[0, bundle.load_bundle(model).charset.encode("ae")] = np.log([0.7, 0.3])
    config = DecodingConfig(BEAM)
    searched, rescored = (
        open_decoders(changed, config, plan_decoding(changed, config))[""].decode(seen)
        for changed in (set_share(model, 0), set_share(model, 0.5))
    )
    assert (searched.text, rescored.text) == ("a", "e")
    assert sum(share for _, share in rescored.lines) == pytest.approx(1)
    assert rescored.lines[0][0] == rescored.text


def test_greedy_decoding_ignores_the_recurrent_model(model):
    alone = Recogniser(set_share(model, 0)).read(IMAGE)
    assert Recogniser(set_share(model, 0.9)).read(IMAGE) == alone


def test_the_recurrent_model_is_part_of_the_digest_of_a_beam_search(model):
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
    other = directory.with_name("other")
    shutil.copytree(directory, other)
    (other / bundle.CHARSET_FILE).write_text(Charset(("a", "b")).to_json(), "utf-8")
    write_fake_recurrent(other, "a")
    (other / bundle.RECURRENT_FILE).replace(directory / bundle.RECURRENT_FILE)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (missing, "no recurrent_language_model.onnx; copy the model again"),
        (damaged, "recurrent_language_model.onnx cannot be loaded"),
        (of_another_charset, "recurrent_language_model.onnx belongs to another charset"),
    ],
)
def test_lines_are_read_greedily_if_the_recurrent_model_cannot_be_used(model, spoil, reason):
    spoil(model)
    reader = Recogniser(set_share(model, 0.5), DecodingConfig(BEAM))
    assert reader.decoding_method == "greedy"
    assert reason in reader.decoding_note and "lines were read greedily" in reader.decoding_note
