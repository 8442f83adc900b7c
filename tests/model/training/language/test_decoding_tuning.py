"""Tuning and calibration of decoding on held-out lines."""

import numpy as np
import pytest

from model.decoding.config import BeamConfig
from model.decoding.rescoring import Rescorer
from model.decoding.settings import DecodingSettings
from model.language.ngram_build import build_language_model
from model.language.ngram_model import LanguageModel
from model.text.charset import Charset
from model.training.language.decoding_tuning import LEAST_LINES, tune_decoding

CHARSET = Charset((" ", "a", "b", "c", "d"))
TEXTS = ["abba cab", "cab abba", "dab cab a", "bad abba"]


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(TEXTS, CHARSET, 4))
    return LanguageModel.open(path, CHARSET)


def held_out(count, noise, rng):
    """Make noisy logits like those of a network: each character followed by a blank."""
    for number in range(count):
        text = TEXTS[number % len(TEXTS)]
        logits = np.zeros((2 * len(text), CHARSET.class_count), np.float32)
        logits[np.arange(0, 2 * len(text), 2), CHARSET.encode(text)] = 3
        logits[1::2, 0] = 3
        yield logits + noise * rng.standard_normal(logits.shape).astype(np.float32), text


def test_the_weights_of_a_language_model_are_tuned(language_model):
    lines = list(held_out(60, 1.6, np.random.default_rng(0)))
    tuned = tune_decoding(lines, CHARSET, language_model)
    greedy, beam = tuned.facts["greedy"], tuned.facts["beam"]
    assert tuned.note == "" and tuned.facts["lines"] == 60
    assert beam["cer"] < greedy["cer"] < 0.5
    assert beam["lm_weight"] == tuned.settings.search.lm_weight > 0
    for facts, calibration in ((greedy, tuned.settings.greedy), (beam, tuned.settings.beam)):
        assert facts["temperature"] == calibration.temperature != 1
        assert facts["ece_tempered"] < facts["ece"] + 0.02
        assert calibration.page_error.rates[-1] > calibration.page_error.rates[0]
    assert DecodingSettings.from_json(tuned.settings.to_json()) == tuned.settings


class Recurrent:
    """A language model that knows the texts."""

    def __init__(self):
        self._known = {tuple(CHARSET.encode(text)) for text in TEXTS}

    def log_probabilities(self, texts):
        return [-1.0 if tuple(text) in self._known else -30.0 for text in texts]


def test_confidences_are_calibrated_after_rescoring(language_model):
    lines = list(held_out(60, 1.8, np.random.default_rng(0)))
    once = tune_decoding(lines, CHARSET, language_model)
    rescorer = Rescorer(language_model, Recurrent(), 0.5)
    again = tune_decoding(lines, CHARSET, language_model, rescorer=rescorer)
    assert again.settings.search == once.settings.search
    assert again.settings.beam != once.settings.beam
    assert again.facts["beam"]["cer"] < once.facts["beam"]["cer"]
    assert again.settings.greedy == once.settings.greedy


def test_without_a_language_model_greedy_decoding_is_calibrated():
    tuned = tune_decoding(list(held_out(40, 1.6, np.random.default_rng(1))), CHARSET, None)
    assert tuned.settings.greedy.page_error and not tuned.settings.beam.page_error
    assert "beam" not in tuned.facts and tuned.settings.search == BeamConfig()


@pytest.mark.parametrize(
    ("count", "noise", "reason"),
    [(LEAST_LINES - 1, 0.5, "19 eval lines are fewer than 20"), (30, 9.0, "greedy CER of ")],
)
def test_too_few_lines_or_too_many_errors_leave_the_default_settings(
    language_model, count, noise, reason
):
    lines = list(held_out(count, noise, np.random.default_rng(2)))
    tuned = tune_decoding(lines, CHARSET, language_model)
    assert tuned.settings == DecodingSettings()
    assert tuned.note.startswith(reason) and tuned.facts["note"] == tuned.note
    assert tune_decoding([], CHARSET, language_model).settings == DecodingSettings()


def test_random_gains_do_not_change_the_weights(language_model):
    lines = list(held_out(30, 0.1, np.random.default_rng(3)))
    search = tune_decoding(lines, CHARSET, language_model).settings.search
    assert search.lm_weight == BeamConfig().lm_weight
