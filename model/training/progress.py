"""What a training run says while it trains."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from model.text.duration import format_duration

Curves = Callable[[int, dict[str, float]], None]

_SECONDS_BETWEEN = 30.0


class ProgressLine:
    """Tell now and then how far an epoch has come.

    Args:
        line_count: Lines of an epoch.
        epochs: Of the run.
        report: Takes the line.
        clock: Seconds.
    """

    def __init__(
        self,
        line_count: int,
        epochs: int,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._line_count, self._epochs = line_count, epochs
        self._report, self._clock = report, clock
        self._started = self._told = clock()
        self._first_lines: int | None = None

    def tell(self, epochs_done: int, lines_done: int, loss: float) -> None:
        """Report, if the last time was a while ago.

        Args:
            epochs_done: Whole epochs.
            lines_done: Lines of the one that runs.
            loss: Mean of those.
        """
        now = self._clock()
        if self._first_lines is None:
            # Lines of an earlier process took no time of this one.
            self._first_lines, self._started = lines_done, now
            return
        if now - self._told < _SECONDS_BETWEEN:
            return
        self._told = now
        speed = (lines_done - self._first_lines) / max(now - self._started, 1e-9)
        left = self._line_count * (self._epochs - epochs_done) - lines_done
        self._report(
            f"epoch {epochs_done + 1} of {self._epochs}  {lines_done / self._line_count:.0%}  "
            f"loss {loss:.3f}  {speed:.0f} lines/s  "
            f"{format_duration(left / max(speed, 1e-9))} left"
        )


def open_curves(folder: Path | None) -> Curves:
    """Start to write curves.

    Args:
        folder: For `tensorboard --logdir`; None for nowhere.

    Returns:
        A function that takes the epoch and the values of each curve.

    Raises:
        ValueError: If the package tensorboard is not installed.
    """
    if folder is None:
        return _nowhere
    try:
        # TensorBoard writes its files itself: TensorFlow may not be there.
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError as error:
        raise ValueError(
            f"--tensorboard needs a package ({error}); pip install tensorboard"
        ) from None
    writer = EventFileWriter(str(folder))

    def write(epoch: int, values: dict[str, float]) -> None:
        summary = Summary(
            value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        )
        writer.add_event(Event(wall_time=time.time(), step=epoch, summary=summary))
        writer.flush()

    return write


def _nowhere(epoch: int, values: dict[str, float]) -> None:
    """Write no curves."""
