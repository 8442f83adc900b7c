"""The course of a training run as curves for TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

Curves = Callable[[int, dict[str, float]], None]


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
