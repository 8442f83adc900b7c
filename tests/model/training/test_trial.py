"""Real training steps are timed in a process of their own."""

import json
from dataclasses import asdict

import pytest

from model.line_images.preprocess import PreprocessConfig
from model.training.optimisation.checkpoint import save_checkpoint
from model.training.optimisation.compute import Compute
from model.training.optimisation.trial import TrialTimer, resumed
from model.training.trial import Trial
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train


@pytest.fixture
def trial(tmp_path):
    write_tfrecords(tmp_path / "lines", [line_example("mare", i) for i in range(8)])
    lines = (str(tmp_path / "lines"),)
    return asdict(Trial(lines, tuple("aemr"), PreprocessConfig(64, 32), "tiny", 1_000))


def test_lines_a_second_are_measured(trial):
    timer = TrialTimer("model.training.trial", trial)
    assert timer(Compute("float32", 1)) > 0
    assert timer.error == ""


def test_a_trial_that_fails_is_slow_and_says_why(trial):
    timer = TrialTimer("model.training.trial", {**trial, "characters": ["a"]})
    assert timer(Compute("float32", 1)) == 0
    assert "not in the charset" in timer.error


def test_a_trial_that_takes_too_long_is_given_up(trial, monkeypatch):
    monkeypatch.setattr("model.training.optimisation.trial._FIRST_LIMIT_S", 0.1)
    timer = TrialTimer("model.training.trial", trial)
    assert timer(Compute("float32", 1)) == 0
    assert timer.error == ""


@pytest.mark.parametrize(
    ("module", "order"),
    [
        ("model.training.language.trial", {"classes": 5}),
        ("model.training.lines.trial", {"batch_size": 1, "side_px": 64}),
    ],
)
def test_the_other_trainings_are_timed_too(module, order):
    timer = TrialTimer(module, order)
    assert timer(Compute("float32", 1)) > 0, timer.error


def test_an_interrupted_run_goes_on_in_its_precision(tmp_path):
    path = tmp_path / "last.npz"
    assert resumed(Compute(), path) == Compute()
    settings = json.dumps({"config": {"precision": "bfloat16"}})
    save_checkpoint(path, {}, {"settings": settings})
    assert resumed(Compute(threads=2), path) == Compute("bfloat16", 2)
    assert resumed(Compute("float32"), path) == Compute("float32")
