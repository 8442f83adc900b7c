"""The pictures in the documentation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from model.augmentation.config import AugmentConfig
from model.augmentation.sheet import examples, main, single, stack, write_sheets

DOCS = Path(__file__).resolve().parents[3] / "docs"
STEPS = (*AugmentConfig.steps(), "all")


def test_a_picture_for_each_step(tmp_path, capsys):
    assert main(["--output", str(tmp_path)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.name for path in written] == [f"augment_{step}.jpg" for step in STEPS]
    for path in written:
        assert cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).std() > 10


def test_without_strength_all_examples_equal_the_original(tmp_path):
    for path in write_sheets(tmp_path, AugmentConfig.none())[-1:]:
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert np.abs(picture[4:52].astype(int) - picture[64:112]).mean() < 3


@pytest.mark.parametrize("step", AugmentConfig.steps())
def test_each_picture_shows_three_different_changes(step):
    shown = [strip.tobytes() for strip in examples(step, AugmentConfig())]
    assert len(set(shown)) == 4


@pytest.mark.parametrize("step", ["slant", "gain", "ends"])
def test_a_single_step_switches_off_all_others(step):
    config = single(AugmentConfig(), step, 1.0)
    assert [name for name in config.steps() if getattr(config, name).share] == [step]


def test_the_original_has_a_larger_gap():
    picture = stack([np.zeros((48, 20), np.float32)] * 4)
    assert picture.shape == (4 + 4 * 48 + 12 + 4 + 4 + 4, 28)


def test_a_negative_strength_is_rejected(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--output", str(tmp_path), "--strength", "-1"])
    assert "give 0 or more" in capsys.readouterr().err


@pytest.mark.parametrize("step", STEPS)
def test_the_documentation_names_and_shows_each_step(step):
    text = (DOCS / "augmentation.md").read_text(encoding="utf-8")
    assert f"augment_{step}.jpg" in text
    assert (DOCS / f"augment_{step}.jpg").is_file()
