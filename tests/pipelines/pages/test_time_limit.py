"""The time limit of a page."""

import threading

import pytest

from pipelines.decoding.deadline import TimeLimitError, current_deadline
from pipelines.pages import time_limit
from pipelines.pages.time_limit import within_time


def test_a_call_within_the_limit_returns_its_value_or_raises_its_error():
    assert within_time(60, divmod, 7, 2) == within_time(0, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        within_time(60, divmod, 7, 0)


def test_calls_that_go_on_are_abandoned_and_waited_for_where_there_are_many(monkeypatch):
    monkeypatch.setattr(time_limit, "_abandoned", [])
    monkeypatch.setattr(time_limit, "_GRACE_S", 0.01)
    over = threading.Event()
    for _ in range(6):
        with pytest.raises(TimeLimitError, match=r"longer than 0.01 s.*--page_time_limit_s"):
            within_time(0.01, over.wait)
    assert len(time_limit._abandoned) == 6
    threading.Timer(0.2, over.set).start()
    assert within_time(60, over.is_set)
    for thread in time_limit._abandoned:
        thread.join()
    assert within_time(60, max, 1, 2) == 2 and time_limit._abandoned == []


def test_a_call_knows_how_much_time_is_left():
    assert 50 < within_time(60, current_deadline).left_s() <= 60
    assert within_time(0, current_deadline).left_s() is None
    assert 290 < current_deadline().left_s() <= 300
    assert "--page_time_limit_s" not in str(current_deadline().error())
