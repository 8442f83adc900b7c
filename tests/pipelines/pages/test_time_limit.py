"""The time limit of a page."""

import threading

import pytest

from pipelines.pages import time_limit
from pipelines.pages.time_limit import HangingWorkerError, TimeLimitError, within_time


def test_a_call_within_the_limit_returns_its_value_or_raises_its_error():
    assert within_time(60, divmod, 7, 2) == within_time(0, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        within_time(60, divmod, 7, 0)


def test_calls_that_hang_are_abandoned_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(time_limit, "_abandoned", [])
    over = threading.Event()
    for _ in range(16):
        with pytest.raises(TimeLimitError, match="longer than 0.01 s.*--page_time_limit_s"):
            within_time(0.01, over.wait)
    with pytest.raises(HangingWorkerError, match="17 pages hang"):
        within_time(0.01, over.wait)
    assert within_time(60, max, 1, 2) == 2
    over.set()
