"""Rate limits for requests to a host."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.files.pace import Pace, retry_after_s


class Clock:
    """A clock that only `sleep` advances."""

    def __init__(self):
        self.now = 100.0

    def read(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds


def turns(pace, clock, hosts):
    """Return the time at which each request may be sent."""
    found = []
    for host in hosts:
        pace.wait(host)
        found.append(round(clock.now - 100, 6))
    return found


def test_each_host_has_its_own_limit():
    clock = Clock()
    assert turns(Pace(4, clock.read, clock.sleep), clock, "aabab") == [0, 0.25, 0.25, 0.5, 0.5]


def test_without_a_limit_no_request_waits():
    clock = Clock()
    assert turns(Pace(0, clock.read, clock.sleep), clock, "aaaa") == [0, 0, 0, 0]


def test_a_resting_host_gets_no_requests_while_others_do():
    clock = Clock()
    pace = Pace(4, clock.read, clock.sleep)
    pace.wait("a")
    pace.rest("a", 10)
    pace.rest("a", 3)
    assert turns(pace, clock, "baa") == [0, 10, 10.25]


@given(st.integers(1, 6), st.floats(0.5, 100))
def test_threads_share_the_limit(count, rate):
    clock = Clock()
    pace = Pace(rate, clock.read, clock.sleep)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda _: pace.wait("a"), range(count)))
    assert clock.now - 100 >= (count - 1) / rate - 1e-6


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "soon", "\0", "Fri, 99 Foo 1999", None])
def test_a_header_without_a_valid_time_is_ignored(text):
    assert retry_after_s(text) == 0


def test_a_date_becomes_seconds_from_now():
    date = datetime.now(timezone.utc) + timedelta(seconds=90)
    assert 80 < retry_after_s(format_datetime(date)) <= 90


@given(st.text(max_size=30) | st.integers(0, 10**40).map(str))
def test_any_header_gives_a_finite_time(text):
    assert 0 <= retry_after_s(text) < 1e12
