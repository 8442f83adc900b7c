"""The progress line of a training run."""

from model.training.progress import ProgressLine


def test_it_tells_every_half_minute_how_far_and_how_long():
    now, said = [0.0], []
    progress = ProgressLine(1000, epochs=2, report=said.append, clock=lambda: now[0])
    for lines in range(100, 1001, 100):
        progress.tell(0, lines, loss=2.0)
        now[0] += 10
    assert len(said) == 3
    assert said[0] == "epoch 1 of 2  40%  loss 2.000  10 lines/s  2 min 40 s left"


def test_what_an_earlier_process_did_does_not_count_as_speed():
    now, said = [0.0], []
    progress = ProgressLine(1000, epochs=1, report=said.append, clock=lambda: now[0])
    progress.tell(0, 900, loss=1.0)
    now[0] = 50
    progress.tell(0, 950, loss=1.0)
    assert "1 lines/s  50 s left" in said[0]
