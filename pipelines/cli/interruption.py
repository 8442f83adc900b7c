"""Ctrl-C and SIGTERM: finish the page, keep what is done, say so."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.cli.options import EXIT_CTRL_C, EXIT_INTERRUPTED

_STATUS = {signal.SIGINT: EXIT_CTRL_C, signal.SIGTERM: EXIT_INTERRUPTED}
# A page is read in less; workers in other processes are not told at all.
_GRACE_S = 20.0

_asked_for = threading.Event()


class Interrupted(Exception):
    """The run was told to stop.

    Attributes:
        status: The exit status.
    """

    def __init__(self, status: int):
        super().__init__("interrupted; the same command goes on with what is left")
        self.status = status


def is_interrupted() -> bool:
    """Tell whether this process was told to stop: who does work saves it and raises."""
    return _asked_for.is_set()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the run stop between two pages when it is told to; a second signal stops it at once.

    Raises:
        Interrupted: If it was told to, whatever error that led to.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread is sent signals.
        yield
        return
    statuses: list[int] = []

    def stop(number: int, frame: object) -> None:
        if statuses:
            os._exit(statuses[0])
        statuses.append(_STATUS[signal.Signals(number)])
        _asked_for.set()
        # The runner tells of the error that stops it, at length.
        beam_log.setLevel(logging.CRITICAL)
        timer.start()

    beam_log = logging.getLogger("apache_beam")
    level = beam_log.level
    timer = threading.Timer(_GRACE_S, _leave, [statuses])
    timer.daemon = True
    before = {number: signal.signal(number, stop) for number in _STATUS}
    try:
        yield
    except Exception:
        if not statuses:
            raise
    finally:
        _asked_for.clear()
        timer.cancel()
        beam_log.setLevel(level)
        for number, handler in before.items():
            signal.signal(number, handler)
    if statuses:
        raise Interrupted(statuses[0])


def _leave(statuses: list[int]) -> None:
    print(Interrupted(statuses[0]), file=sys.stderr, flush=True)
    os._exit(statuses[0])
