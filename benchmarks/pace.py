"""The speed of the machine during a measurement: a reference task in a concurrent process.

The speed of a shared machine may change by half within an hour. The cost of a program relative to
a reference task that runs at the same time changes far less.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

_START_S = 120


class Pace:
    """A reference task that is repeated in a separate process.

    Args:
        work: Runs the task once and returns its CPU seconds; an importable function.
        arguments: Arguments of `work`.
    """

    def __init__(self, work: Callable[..., float], *arguments: object):
        context = multiprocessing.get_context("spawn")
        self._done = context.Array("d", 2)
        self._started = context.Event()
        rounds = (work, arguments, self._done, self._started)
        self._process = context.Process(target=_repeat, args=rounds, daemon=True)

    def __enter__(self) -> Pace:
        self._process.start()
        if not self._started.wait(_START_S):
            raise SystemExit("the reference task does not start; run it on its own to see why")
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def is_running(self) -> bool:
        """Whether the process is running."""
        return self._process.is_alive()

    def mark(self) -> tuple[float, float]:
        """Return the number of rounds so far, and their CPU seconds."""
        with self._done:
            return self._done[0], self._done[1]

    def seconds_since(self, mark: tuple[float, float]) -> float:
        """Return the mean CPU seconds of a round since a mark.

        Raises:
            SystemExit: If no round was completed since then.
        """
        rounds, seconds = self.mark()
        if rounds == mark[0]:
            raise SystemExit("the reference task completed no round; give more pages")
        return (seconds - mark[1]) / (rounds - mark[0])


def _repeat(work: Callable[..., float], arguments: tuple, done, started) -> None:
    # The first round loads and warms up.
    work(*arguments)
    started.set()
    while True:
        seconds = work(*arguments)
        with done:
            done[0] += 1
            done[1] += seconds
