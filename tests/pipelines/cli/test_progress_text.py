"""The text of the progress line for all kinds of counts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.progress_text import Throughput, format_duration, format_progress, format_summary

COUNTS = st.integers(0, 10**9)
RATES = st.just(0.0) | st.floats(1e-6, 1e6)
SECONDS = st.floats(0, 1e7)
COLUMNS = st.integers(0, 200)


@given(COUNTS, COUNTS, RATES, COLUMNS)
def test_the_line_fits_and_drops_whole_fields(done, total, rate, columns):
    line = format_progress("ingest", done, total, rate, columns)
    assert len(line) <= columns and "\n" not in line
    whole = format_progress("ingest", done, total, rate, 1000)
    assert whole == line or whole.startswith(line + "  ") or columns < len("ingest")


@given(COUNTS, COUNTS, SECONDS, COLUMNS)
def test_the_summary_fits(done, total, seconds, columns):
    assert len(format_summary("ingest", done, total, seconds, columns)) <= columns


@given(COUNTS, COUNTS, RATES)
def test_nothing_is_negative_and_no_share_is_above_one(done, total, rate):
    line = format_progress("ingest", done, total, rate, 1000)
    assert "-" not in line.replace("e-", "e")
    percent = re.search(r"(\d+) %", line)
    assert percent is None or int(percent[1]) <= 100
    assert ("100 %" in line) == (done >= total > 0 and done > 0)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(0.01, 1000))
def test_the_time_left_is_the_remaining_pages_at_this_rate(done, remaining, rate):
    line = format_progress("ingest", done, done + remaining, rate, 1000)
    assert line.endswith(f"  {format_duration(remaining / rate)} left")


@given(SECONDS)
def test_a_duration_is_exact_to_its_smaller_unit(seconds):
    units_s = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    parts = re.findall(r"(\d+) (\w+)", format_duration(seconds))
    value_s = sum(int(number) * units_s[unit] for number, unit in parts)
    assert -0.5 <= seconds - value_s <= units_s[parts[-1][1]]
    assert len(parts) <= 2


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(1234.5, "1,234"), (41.1, "41"), (9.96, "10"), (4.0, "4.0"), (0.999, "1.0"), (0.052, "0.052")],
)
def test_a_rate_has_two_significant_digits(rate, shown):
    assert format_progress("ingest", 1, 0, rate) == f"ingest  1 pages  {shown} pages/s"


def test_a_run_of_which_all_pages_are_done_has_no_time_left():
    line = format_progress("ingest", 70, 70, 4.0)
    assert line == "ingest  70 of 70 pages  100 %  finishing"


def test_a_run_that_failed_at_once_has_no_rate():
    assert format_summary("ingest", 0, 0, 0.0) == "ingest  0 pages  0 s in all"


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 50)), min_size=1, max_size=100))
def test_a_throughput_is_never_negative_and_stays_positive_once_it_is_known(steps):
    throughput, now, count, began = Throughput(), 0, 0, 0
    for seconds, pages in [(0, 0), *steps]:
        now, count = now + seconds, count + pages
        began = now if count == 0 else began
        pages_per_s = throughput.update(now, count)
        assert pages_per_s >= 0
        # The first ten seconds tell little.
        is_known = count > 0 and now - began >= 10
        if seconds or not is_known:
            assert (pages_per_s > 0) == is_known


@given(st.integers(1, 400), st.integers(11, 300))
def test_a_steady_run_has_a_constant_throughput(pages_each_s, seconds):
    throughput = Throughput()
    rates = [throughput.update(second, second * pages_each_s) for second in range(seconds)]
    assert rates[:10] == [0.0] * 10
    assert rates[10:] == pytest.approx([pages_each_s] * (seconds - 10))


def test_a_throughput_adapts_within_its_window():
    throughput = Throughput(window_s=30)
    for second in range(100):
        throughput.update(second, second)
    rates = [throughput.update(100 + second, 100 + 10 * second) for second in range(61)]
    assert rates[0] < rates[10] < rates[29] <= rates[60] == pytest.approx(10)


def test_pages_slower_than_the_window_still_give_a_throughput():
    throughput = Throughput(window_s=30)
    rates = [throughput.update(second, second // 100) for second in range(0, 1000, 5)]
    assert min(rates[22:]) > 0.005
    assert max(rates[100:]) < 0.012


def test_a_stalled_run_slows_down_but_stays_above_zero():
    throughput = Throughput(window_s=30)
    for second in range(31):
        throughput.update(second, second)
    rates = [throughput.update(second, 30) for second in (40, 60, 600)]
    assert 1 > rates[0] > rates[1] > rates[2] > 0
