"""What --quality stands for."""

from __future__ import annotations

import pytest

from model.decoding.config import BEAM, GREEDY
from model.recogniser.bundle import LANGUAGE_MODEL_FILE, ONNX_FILES
from model.recogniser.quality import BALANCED, BEST, FAST, choose_reading

INT8, FP32 = ONNX_FILES["int8"], ONNX_FILES["fp32"]


@pytest.mark.parametrize(
    ("quality", "expected"),
    [(FAST, (GREEDY, "int8")), (BALANCED, (BEAM, "int8")), (BEST, (BEAM, "fp32"))],
)
def test_the_default_model_has_all_qualities(quality, expected):
    choice = choose_reading("default", quality)
    assert (choice.decoding, choice.precision, choice.notes) == (*expected, ())


@pytest.mark.parametrize(
    ("files", "quality", "expected", "notes"),
    [
        ((FP32,), BALANCED, (GREEDY, "fp32"), ["no language model", f"no {INT8}"]),
        ((FP32, INT8), BALANCED, (GREEDY, "int8"), ["no language model"]),
        ((FP32, LANGUAGE_MODEL_FILE), BALANCED, (BEAM, "fp32"), [f"no {INT8}"]),
        ((FP32,), FAST, (GREEDY, "fp32"), [f"no {INT8}"]),
        ((FP32,), BEST, (GREEDY, "fp32"), ["no language model"]),
        ((FP32, LANGUAGE_MODEL_FILE), BEST, (BEAM, "fp32"), []),
    ],
)
def test_what_a_model_does_not_have_is_said(tmp_path, files, quality, expected, notes):
    for name in files:
        (tmp_path / name).touch()
    choice = choose_reading(str(tmp_path), quality)
    assert (choice.decoding, choice.precision) == expected
    assert len(choice.notes) == len(notes)
    assert all(part in note for part, note in zip(notes, choice.notes))


@pytest.mark.parametrize("quality", [FAST, BALANCED, BEST])
def test_what_is_asked_for_wins_and_is_not_replaced(tmp_path, quality):
    # That it cannot be had is an error where the model is opened.
    choice = choose_reading(str(tmp_path), quality, BEAM, "int8")
    assert (choice.decoding, choice.precision, choice.notes) == (BEAM, "int8", ())


def test_one_of_the_two_may_be_asked_for():
    assert choose_reading("default", FAST, decoding=BEAM).precision == "int8"
    assert choose_reading("default", BALANCED, precision="fp32").decoding == BEAM


def test_a_gpu_reads_in_fp32():
    choice = choose_reading("default", BALANCED, is_on_gpu=True)
    assert (choice.decoding, choice.precision, choice.notes) == (BEAM, "fp32", ())
