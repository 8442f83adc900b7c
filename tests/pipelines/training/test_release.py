"""The model of a finished run is released."""

import json
import os
from dataclasses import replace

import pytest

from components.evaluation import Evaluation, SliceResult
from model.evaluation.metrics import ErrorCount
from model.recogniser.bundle import load_bundle, write_card
from pipelines.training.config import TrainConfig, TrainingRecipe
from pipelines.training.release import Outcome, point_link, release
from pipelines.training.run import error_line, refusal
from tests.fakes import write_fake_bundle

pytestmark = pytest.mark.train

RESULT = SliceResult(4, ErrorCount(10, 100), ErrorCount(9, 20), (0.05, 0.15), (0.4, 0.5))
BETTER = SliceResult(4, ErrorCount(5, 100), ErrorCount(9, 20), (0.0, 0.1), (0.4, 0.5))
OUTCOME = Outcome(
    evaluation=Evaluation(RESULT, {"document": {"Peraire": RESULT}, "source": {"alto": RESULT}}),
    blessed=True,
    line_counts={"train": 30, "eval": 4},
)


@pytest.fixture
def stage(tmp_path):
    """Put a model into the staging folder, as the Pusher does."""

    def make(version, run_id, height_px=64):
        config = TrainConfig(
            tmp_path / "data",
            tmp_path / "models",
            TrainingRecipe({"preset": "tiny"}),
            run_id=run_id,
        )
        staged = write_fake_bundle(config.staging / version, strip_height_px=height_px)
        write_card(staged, {"parameters": 7})
        return config

    return make


def seen(output):
    return sorted(name for name in os.listdir(output) if not name.startswith("."))


def test_a_version_is_released_and_is_the_latest(stage):
    config = stage("1700000000", "a")
    released = release(config, OUTCOME).folder
    assert released == config.output / "1700000000"
    assert seen(config.output) == ["1700000000", "latest"]
    assert os.readlink(config.output / "latest") == "1700000000"
    assert load_bundle(config.output / "latest").directory == released


def test_the_card_gains_the_results_of_the_run_and_no_path(stage, tmp_path):
    config = stage("1700000000", "a")
    text = (release(config, OUTCOME).folder / "card.json").read_text("utf-8")
    card = json.loads(text)
    assert card["parameters"] == 7
    assert card["preset"] == "tiny"
    counts = {"charset_size": 7, "lines": {"train": 30, "eval": 4}}
    assert card["dataset"] == {"name": config.dataset.name, **counts}
    assert card["evaluation"]["overall"] == RESULT.to_dict()
    assert card["evaluation"]["by_document"] == {"Peraire": RESULT.to_dict()}
    assert card["evaluation"]["max_cer"] == 0.95
    assert card["digest"] == load_bundle(config.output / "latest").digest()
    assert {"python", "keras", "tensorflow", "tfx"} <= card["libraries"].keys()
    assert {"code_version", "created"} <= card.keys()
    assert str(tmp_path) not in text


def test_another_run_adds_a_version_and_moves_latest(stage):
    release(stage("1700000000", "a"), OUTCOME)
    config = stage("1700000060", "b", height_px=48)
    assert release(config, OUTCOME).is_new
    assert seen(config.output) == ["1700000000", "1700000060", "latest"]
    assert os.readlink(config.output / "latest") == "1700000060"


def test_two_runs_in_the_same_second_are_two_versions(stage):
    release(stage("1700000000", "a"), OUTCOME)
    config = stage("1700000000", "b", height_px=48)
    assert release(config, OUTCOME).folder.name == "1700000001"
    assert os.readlink(config.output / "latest") == "1700000001"


def test_a_model_that_is_released_already_is_latest_again_and_no_new_version(stage):
    release(stage("1700000000", "a"), OUTCOME)
    release(stage("1700000060", "b", height_px=48), OUTCOME)
    config = stage("1700000120", "c")
    again = release(config, OUTCOME)
    assert (again.folder.name, again.is_new) == ("1700000000", False)
    assert seen(config.output) == ["1700000000", "1700000060", "latest"]
    assert os.readlink(config.output / "latest") == "1700000000"
    assert not list(config.staging.iterdir())


def test_a_model_whose_card_cannot_be_completed_is_not_released(stage):
    config = stage("1700000000", "a")
    (config.staging / "1700000000" / "model.onnx").unlink()
    with pytest.raises(ValueError, match=r"no model\.onnx"):
        release(config, OUTCOME)
    assert seen(config.output) == []


def test_a_link_is_replaced_and_leaves_no_other_file(tmp_path):
    link = tmp_path / "latest"
    for target in ("1", "2"):
        point_link(link, target)
        assert os.readlink(link) == target
    assert os.listdir(tmp_path) == ["latest"]


def test_a_model_that_is_no_better_than_its_base_is_not_accepted():
    rates = {"greedy": {"cer": 0.1, "wer": 0.4}}
    entry = {"is_better": False, "lines": 40, "before": rates, "after": rates}
    outcome = replace(OUTCOME, base=entry)
    assert OUTCOME.is_accepted and not outcome.is_accepted
    assert replace(OUTCOME, base={**entry, "is_better": True}).is_accepted
    text = refusal(outcome, 0.5)
    assert "greedy CER 10.00% before and 10.00% after" in text and "40 held-out lines" in text


def test_a_refusal_names_both_rates():
    assert "CER 10.00% (5.00% to 15.00%)" in refusal(OUTCOME, 0.05)
    assert "--max_cer is 0.05" in refusal(OUTCOME, 0.05)
    assert "last good model" not in refusal(OUTCOME, 0.05)


def test_a_refusal_of_a_worse_model_has_the_rate_of_the_last_good_one():
    outcome = replace(OUTCOME, evaluation=replace(OUTCOME.evaluation, baseline=BETTER))
    text = refusal(outcome, 0.5)
    assert "the last good model reads them at CER 5.00%" in text
    assert "--max_cer" not in text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("p.xml: no text"), "ValueError: p.xml: no text"),
        (RuntimeError("\n  first\nsecond"), "RuntimeError: first"),
        (KeyError(), "KeyError"),
        (
            RuntimeError("Traceback (most recent call last):\n  File x\nOSError: disk full\n"),
            "OSError: disk full",
        ),
    ],
)
def test_an_error_is_reduced_to_one_line(error, expected):
    assert error_line(error) == expected
