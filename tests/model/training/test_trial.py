"""Real training steps are timed in a process of their own."""

import pytest

from model.line_images.preprocess import PreprocessConfig
from model.training.optimisation.compute import Compute
from model.training.trial import Trial, TrialTimer
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train


@pytest.fixture
def trial(tmp_path):
    write_tfrecords(tmp_path / "lines", [line_example("mare", i) for i in range(8)])
    return Trial((str(tmp_path / "lines"),), tuple("aemr"), PreprocessConfig(64, 32), "tiny", 1_000)


def test_lines_a_second_are_measured(trial):
    timer = TrialTimer(trial)
    assert timer(Compute("float32", 1)) > 0
    assert timer.error == ""


def test_a_trial_that_fails_is_slow_and_says_why(trial):
    timer = TrialTimer(Trial(**{**vars(trial), "characters": ("a",)}))
    assert timer(Compute("float32", 1)) == 0
    assert "not in the charset" in timer.error


def test_a_trial_that_takes_too_long_is_given_up(trial, monkeypatch):
    monkeypatch.setattr("model.training.trial._FIRST_LIMIT_S", 0.1)
    timer = TrialTimer(trial)
    assert timer(Compute("float32", 1)) == 0
    assert timer.error == ""
