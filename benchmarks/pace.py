"""How fast the machine is meanwhile: the same work over and over, in a process beside another.

A machine that is shared may change its speed by half within the hour. What something costs in
units of a fixed work that ran at the same time changes far less.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

_START_S = 120


class Pace:
    """A piece of work that goes round in a process of its own.

    Args:
        work: Does it once, and returns how many seconds the processor worked; importable.
        arguments: For it.
    """

    def __init__(self, work: Callable[..., float], *arguments: object):
        context = multiprocessing.get_context("spawn")
        self._done = context.Array("d", 2)
        self._started = context.Event()
        rounds = (work, arguments, self._done, self._started)
        self._process = context.Process(target=_go_round, args=rounds, daemon=True)

    def __enter__(self) -> Pace:
        self._process.start()
        if not self._started.wait(_START_S):
            raise SystemExit("the work to compare with does not start; run it alone")
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def is_running(self) -> bool:
        """Whether the work goes on."""
        return self._process.is_alive()

    def mark(self) -> tuple[float, float]:
        """Tell how many rounds were done so far, and the processor's seconds for them."""
        with self._done:
            return self._done[0], self._done[1]

    def seconds_since(self, mark: tuple[float, float]) -> float:
        """Tell what a round has cost since a mark, in seconds of the processor.

        Raises:
            SystemExit: If no round was done since.
        """
        rounds, seconds = self.mark()
        if rounds == mark[0]:
            raise SystemExit("no round of the work to compare with was done; give more pages")
        return (seconds - mark[1]) / (rounds - mark[0])


def _go_round(work: Callable[..., float], arguments: tuple, done, started) -> None:
    # The first one loads and warms up.
    work(*arguments)
    started.set()
    while True:
        seconds = work(*arguments)
        with done:
            done[0] += 1
            done[1] += seconds
