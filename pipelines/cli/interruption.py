"""Ctrl-C and SIGTERM: finish the current page, keep the results so far, report the interruption."""

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
# A page takes less than this. Worker processes do not receive the signal at all.
_GRACE_S = 20.0

_requested = threading.Event()


class Interrupted(Exception):
    """The run was stopped by a signal.

    Attributes:
        status: The exit status.
    """

    def __init__(self, status: int):
        super().__init__("interrupted; run the same command again to continue")
        self.status = status


def is_interrupted() -> bool:
    """Return whether this process was asked to stop.

    Code that does the work then saves its results and raises an error.
    """
    return _requested.is_set()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal stop the run between two pages; a second signal stops it at once.

    Raises:
        Interrupted: If a signal came, in place of any error that stopping led to.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread receives signals.
        yield
        return
    statuses: list[int] = []

    def stop(number: int, frame: object) -> None:
        if statuses:
            os._exit(statuses[0])
        statuses.append(_STATUS[signal.Signals(number)])
        _requested.set()
        # The runner logs the error that stops it at length.
        beam_log.setLevel(logging.CRITICAL)
        timer.start()

    beam_log = logging.getLogger("apache_beam")
    level = beam_log.level
    timer = threading.Timer(_GRACE_S, _exit_now, [statuses])
    timer.daemon = True
    previous = {number: signal.signal(number, stop) for number in _STATUS}
    try:
        yield
    except Exception:
        if not statuses:
            raise
    finally:
        _requested.clear()
        timer.cancel()
        beam_log.setLevel(level)
        for number, handler in previous.items():
            signal.signal(number, handler)
    if statuses:
        raise Interrupted(statuses[0])


def _exit_now(statuses: list[int]) -> None:
    print(Interrupted(statuses[0]), file=sys.stderr, flush=True)
    os._exit(statuses[0])
