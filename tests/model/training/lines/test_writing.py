"""Training of the network that measures writing."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.train

import keras  # noqa: E402

from model.dataset.line_pages import page_to_json  # noqa: E402
from model.line_images.writing import DISTANCES_PX, normalise_profiles  # noqa: E402
from model.synthetic.pages import draw_page  # noqa: E402
from model.synthetic.texts import compose_text  # noqa: E402
from model.training.lines.writing import (  # noqa: E402
    WritingTrainingConfig,
    change_profile,
    main,
    shift_profile,
)
from model.training.networks.writing import (  # noqa: E402
    build_writing_network,
    export_writing_network,
    reach_error,
)

LOG_DISTANCES = np.log(DISTANCES_PX)


def step_profile(log_reach: float) -> np.ndarray:
    """Return a profile with ink up to a distance."""
    return np.repeat((log_reach > LOG_DISTANCES).astype(np.float32)[:, None], 4, 1)


@given(st.integers(-10, 10), st.floats(np.log(10), np.log(90)))
def test_a_shifted_profile_is_that_of_larger_writing(steps, log_reach):
    larger = log_reach + steps * (LOG_DISTANCES[1] - LOG_DISTANCES[0])
    inside = slice(12, -12)
    shifted = shift_profile(step_profile(log_reach), steps)[inside]
    assert np.abs(shifted - step_profile(larger)[inside]).sum() <= 4


def test_changes_keep_the_target_with_the_profile():
    rng, config = np.random.default_rng(1), WritingTrainingConfig()
    target = np.log(np.array([30.0, 30.0], np.float32))
    for _ in range(20):
        profile, changed = change_profile(step_profile(target[0]), target, rng, config)
        assert profile.shape == (len(DISTANCES_PX), 4) and np.isfinite(profile).all()
        assert changed[0] == changed[1]


def test_the_exported_network_gives_what_the_trained_one_says():
    keras.utils.set_random_seed(3)
    model = build_writing_network()
    profiles = np.random.default_rng(2).random((5, len(DISTANCES_PX), 4), np.float32)
    profiles = normalise_profiles(profiles)
    session = onnxruntime.InferenceSession(export_writing_network(model).SerializeToString())
    (log_reach,) = session.run(["log_reach"], {"profiles": profiles})
    error = reach_error(log_reach, model(profiles))
    assert np.abs(np.array(error)).max() < 1e-4


def test_it_is_trained_from_the_command_line(tmp_path, capsys):
    rng = np.random.default_rng(4)
    grey, page = draw_page([compose_text(rng, 20) for _ in range(4)], rng, uri="p.png")
    cv2.imwrite(str(tmp_path / "p.png"), grey)
    dataset, output = tmp_path / "pages.jsonl", tmp_path / "writing.onnx"
    dataset.write_text(page_to_json(page).replace("p.png", f"{tmp_path}/p.png") + "\n", "utf-8")
    flags = ["--train", str(dataset), "--output", str(output), "--epochs", "2"]
    assert main(flags) == 0
    assert "4 lines" in capsys.readouterr().out
    assert onnxruntime.InferenceSession(str(output)).get_outputs()[0].name == "log_reach"
    assert main(flags) == 2 and "exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "reason"), [("", "no line with a polygon"), ("{}\n", "no page of a line dataset")]
)
def test_what_cannot_be_learnt_from_is_one_line(tmp_path, capsys, text, reason):
    (tmp_path / "pages.jsonl").write_text(text)
    flags = ["--train", str(tmp_path / "pages.jsonl"), "--output", str(tmp_path / "w.onnx")]
    assert main(flags) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
