"""The progress of a training run: a line in the terminal, and TensorBoard curves."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from model.text.duration import format_duration

Curves = Callable[[int, dict[str, float]], None]

_SECONDS_BETWEEN_REPORTS = 30.0


class ProgressLine:
    """Report at intervals how far an epoch has come.

    Args:
        line_count: Number of lines in an epoch.
        epochs: Number of epochs in the run.
        report: Is given each progress line.
        clock: Returns the time in seconds.
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
        self._started = self._reported = clock()
        self._first_lines: int | None = None

    def update(self, epochs_done: int, lines_done: int, loss: float) -> None:
        """Report the progress if the last report is more than half a minute old.

        Args:
            epochs_done: Completed epochs.
            lines_done: Lines of the current epoch that are done.
            loss: Mean loss over those lines.
        """
        now = self._clock()
        if self._first_lines is None:
            # Lines that were done before a resume took no time in this process.
            self._first_lines, self._started = lines_done, now
            return
        if now - self._reported < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported = now
        speed = (lines_done - self._first_lines) / max(now - self._started, 1e-9)
        left = self._line_count * (self._epochs - epochs_done) - lines_done
        self._report(
            f"epoch {epochs_done + 1} of {self._epochs}  {lines_done / self._line_count:.0%}  "
            f"loss {loss:.3f}  {speed:.0f} lines/s  "
            f"{format_duration(left / max(speed, 1e-9))} left"
        )


def open_curves(folder: Path | None) -> Curves:
    """Open a folder to write TensorBoard curves to.

    Args:
        folder: Folder for `tensorboard --logdir`; None to write nothing.

    Returns:
        A function that takes the epoch and the value of each curve by name.

    Raises:
        ValueError: If the package tensorboard is not installed.
    """
    if folder is None:
        return _discard
    try:
        # TensorBoard can write its files without TensorFlow, which may not be installed.
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


def _discard(epoch: int, values: dict[str, float]) -> None:
    """Discard the values of curves."""
