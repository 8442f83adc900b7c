"""How often a host is asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.files.pace import Pace, retry_after_s


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self):
        self.now = 100.0

    def read(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds


def turns(pace, clock, hosts):
    """List when each has its turn."""
    found = []
    for host in hosts:
        pace.wait(host)
        found.append(round(clock.now - 100, 6))
    return found


def test_each_host_has_a_pace_of_its_own():
    clock = Clock()
    assert turns(Pace(4, clock.read, clock.sleep), clock, "aabab") == [0, 0.25, 0.25, 0.5, 0.5]


def test_without_a_limit_nobody_waits():
    clock = Clock()
    assert turns(Pace(0, clock.read, clock.sleep), clock, "aaaa") == [0, 0, 0, 0]


def test_a_host_that_rests_is_left_alone_and_the_others_are_not():
    clock = Clock()
    pace = Pace(4, clock.read, clock.sleep)
    pace.wait("a")
    pace.rest("a", 10)
    pace.rest("a", 3)
    assert turns(pace, clock, "baa") == [0, 10, 10.25]


@given(st.integers(1, 6), st.floats(0.5, 100))
def test_threads_together_keep_the_pace(count, rate):
    clock = Clock()
    pace = Pace(rate, clock.read, clock.sleep)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda _: pace.wait("a"), range(count)))
    assert clock.now - 100 >= (count - 1) / rate - 1e-6


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "soon", "\0", "Fri, 99 Foo 1999", None])
def test_what_says_no_time_asks_for_none(text):
    assert retry_after_s(text) == 0


def test_a_date_is_so_many_seconds_away():
    date = datetime.now(timezone.utc) + timedelta(seconds=90)
    assert 80 < retry_after_s(format_datetime(date)) <= 90


@given(st.text(max_size=30) | st.integers(0, 10**40).map(str))
def test_any_header_gives_a_finite_time(text):
    assert 0 <= retry_after_s(text) < 1e12
