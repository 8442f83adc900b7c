"""The progress line of a training run."""

import sys

import pytest

from model.training.progress import ProgressLine, open_curves


def test_progress_is_reported_every_half_minute():
    now, reported = [0.0], []
    progress = ProgressLine(1000, epochs=2, report=reported.append, clock=lambda: now[0])
    for lines in range(100, 1001, 100):
        progress.update(0, lines, loss=2.0)
        now[0] += 10
    assert len(reported) == 3
    assert reported[0] == "epoch 1 of 2  40%  loss 2.000  10 lines/s  2 min 40 s left"


def test_lines_before_a_resume_do_not_count_as_speed():
    now, reported = [0.0], []
    progress = ProgressLine(1000, epochs=1, report=reported.append, clock=lambda: now[0])
    progress.update(0, 900, loss=1.0)
    now[0] = 50
    progress.update(0, 950, loss=1.0)
    assert "1 lines/s  50 s left" in reported[0]


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


def test_a_missing_package_is_reported(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(ValueError, match="pip install tensorboard"):
        open_curves(tmp_path)
