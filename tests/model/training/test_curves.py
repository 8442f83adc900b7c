"""Curves for TensorBoard."""

import sys

import pytest

from model.training.curves import open_curves


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_curves(None)(1, {"cer": 0.5})
    assert not list(tmp_path.iterdir())


@pytest.mark.train
def test_tensorboard_reads_what_was_written(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    curves = open_curves(tmp_path)
    for epoch, cer in ((1, 0.5), (2, 0.25)):
        curves(epoch, {"cer": cer, "loss": 1.0})
    read = EventAccumulator(str(tmp_path)).Reload()
    assert sorted(read.Tags()["scalars"]) == ["cer", "loss"]
    assert [(e.step, e.value) for e in read.Scalars("cer")] == [(1, 0.5), (2, 0.25)]


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(ValueError, match="pip install tensorboard"):
        open_curves(tmp_path)
