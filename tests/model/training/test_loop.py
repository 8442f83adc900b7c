"""An interrupted training run resumes exactly where it stopped."""

import contextlib

import numpy as np
import pytest

from model.line_images.preprocess import PreprocessConfig
from model.text.charset import Charset
from model.training.config import LineFiles
from model.training.flags import training_config
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train

TEXTS = ["maire", "rame", "amie", "mare"]


class _Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lines")
    for split, count in (("train", 48), ("eval", 8)):
        lines = [line_example(TEXTS[i % 4], i, split) for i in range(count)]
        write_tfrecords(folder / split, lines)
    charset = Charset.of_texts(TEXTS)
    return [
        LineFiles((str(folder / split),), charset, PreprocessConfig(64, 32))
        for split in ("train", "eval")
    ]


def _run(splits, folder, **flags):
    from model.training.loop import TrainingRun

    config = training_config({"preset": "tiny", "epochs": 2, "batch_width_px": 1_000, **flags})
    return TrainingRun(config, *splits, folder, lambda text: None)


def _interrupt(run, steps: int) -> list[np.ndarray]:
    """Train for some steps, save, and return the batches that were trained on."""
    seen = []

    def train(strips, labels, return_dict):
        if len(seen) == steps:
            run._save()
            raise _Interrupted
        seen.append(strips)
        return original(strips, labels, return_dict=return_dict)

    original, run._model.train_on_batch = run._model.train_on_batch, train
    with contextlib.suppress(_Interrupted):
        run.run()
    return seen


@pytest.mark.parametrize("interruptions", [[3], [1, 5, 2]])
def test_a_resumed_run_has_the_same_batches_and_weights(splits, tmp_path, interruptions):
    whole = _run(splits, tmp_path / "whole")
    batches = _interrupt(whole, steps=1_000)
    parts = []
    for steps in [*interruptions, 1_000]:
        run = _run(splits, tmp_path / "parts")
        parts += _interrupt(run, steps)
    assert all(map(np.array_equal, batches, parts)) and len(batches) == len(parts)
    model, results = run.run()
    expected, expected_results = whole.run()
    assert [r.characters for r in results] == [r.characters for r in expected_results]
    for weights, others in zip(model.get_weights(), expected.get_weights()):
        assert np.allclose(weights, others, atol=2e-3)


def test_all_state_that_a_step_depends_on_is_saved(splits, tmp_path):
    from model.training.optimisation.weights import snapshot

    first = _run(splits, tmp_path)
    _interrupt(first, 4)
    second = _run(splits, tmp_path)
    for name, arrays in snapshot(first._model).items():
        assert all(map(np.array_equal, arrays, snapshot(second._model)[name])), name


def test_a_run_with_other_flags_is_not_resumed(splits, tmp_path):
    _interrupt(_run(splits, tmp_path), 1)
    with pytest.raises(ValueError, match="a run with other flags or lines"):
        _run(splits, tmp_path, seed=1)


def test_training_stops_early_without_a_lower_cer(splits, tmp_path):
    run = _run(splits, tmp_path, epochs=9, patience=1, learning_rate=1e-9)
    _, results = run.run()
    assert len(results) == 2


def test_the_dropout_rate_is_that_of_the_flags(splits, tmp_path):
    import keras

    layers = _run(splits, tmp_path, dropout=0.25)._model.layers
    assert {layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)} == {0.25}


@pytest.mark.parametrize("step", [2, 5])
def test_a_loss_that_is_no_number_stops_the_run_and_keeps_what_was_learnt(splits, tmp_path, step):
    run = _run(splits, tmp_path)
    _interrupt(run, step)
    before = (tmp_path / "last.npz").read_bytes()
    run = _run(splits, tmp_path)
    for variable in run._model.trainable_variables:
        variable.assign(np.full(variable.shape, np.nan))
    with pytest.raises(ValueError, match="the loss is not a number after .* a lower --learning_"):
        run.run()
    assert (tmp_path / "last.npz").read_bytes() == before


def test_weights_that_are_no_numbers_are_not_saved(splits, tmp_path):
    run = _run(splits, tmp_path)
    _interrupt(run, 1)
    before = (tmp_path / "last.npz").read_bytes()
    run._model.trainable_variables[0].assign(
        np.full(run._model.trainable_variables[0].shape, np.nan)
    )
    with pytest.raises(ValueError, match="is not a number"):
        run._save()
    assert (tmp_path / "last.npz").read_bytes() == before


def test_a_batch_that_is_too_large_for_the_device_names_the_cure(splits, tmp_path):
    run = _run(splits, tmp_path)

    def train(strips, labels, return_dict):
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")

    run._model.train_on_batch = train
    with pytest.raises(ValueError, match="lower --batch_width_px from 1000"):
        run.run()
