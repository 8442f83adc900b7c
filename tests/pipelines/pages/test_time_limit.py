"""A limit to the time that a page may take."""

import threading

import pytest

from pipelines.pages import time_limit
from pipelines.pages.time_limit import HangingWorkerError, TimeLimitError, within_time


def test_what_is_in_time_gives_its_value_or_its_error():
    assert within_time(60, divmod, 7, 2) == within_time(0, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        within_time(60, divmod, 7, 0)


def test_what_hangs_is_left_behind_until_too_much_does(monkeypatch):
    monkeypatch.setattr(time_limit, "_abandoned", [])
    over = threading.Event()
    for _ in range(16):
        with pytest.raises(TimeLimitError, match="longer than 0.01 s.*--page_time_limit_s"):
            within_time(0.01, over.wait)
    with pytest.raises(HangingWorkerError, match="17 pages hang"):
        within_time(0.01, over.wait)
    assert within_time(60, max, 1, 2) == 2
    over.set()
