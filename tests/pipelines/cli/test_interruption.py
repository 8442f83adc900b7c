"""Ctrl-C and SIGTERM during a run."""

import os
import signal
import threading

import pytest

from pipelines.cli.interruption import Interrupted, interruptible, is_interrupted


def run_until_stopped(number):
    with interruptible():
        os.kill(os.getpid(), number)
        while not is_interrupted():
            pass
        raise RuntimeError("stopped")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 4), (signal.SIGINT, 130)])
def test_a_signal_becomes_an_exit_status_and_leaves_nothing_behind(number, status):
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as ended:
        run_until_stopped(number)
    assert ended.value.status == status
    assert not is_interrupted() and signal.getsignal(number) == before
    # The timer that would end the process is cancelled.
    timers = [t for t in threading.enumerate() if isinstance(t, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers)


def test_other_errors_are_passed_on():
    with pytest.raises(RuntimeError, match="a bug"), interruptible():
        raise RuntimeError("a bug")
