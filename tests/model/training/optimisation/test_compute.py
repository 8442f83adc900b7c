"""Precision and threads are those that are fastest, as far as nothing else is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training.optimisation.compute import (
    BACKEND_THREADS,
    Compute,
    slowness_warning,
    time_computes,
    timings_line,
)
from model.training.optimisation.device import AUTO, PRECISIONS

FAST, SLOW = "float32", "bfloat16"
# Speeds by precision and threads, of machines of the kinds that were met.
NO_BFLOAT16 = {(FAST, 1): 4.0, (FAST, 2): 5.0, (SLOW, 1): 0.1, (SLOW, 2): 0.2}
BUSY = {(FAST, 1): 9.0, (FAST, 2): 1.1, (SLOW, 1): 11.8, (SLOW, 2): 1.5}
BROKEN = {(FAST, 1): 0.0, (FAST, 2): 0.0, (SLOW, 1): 0.0, (SLOW, 2): 0.0}
EQUAL = {(FAST, 1): 4.0, (FAST, 2): 4.0, (SLOW, 1): 4.2, (SLOW, 2): 4.2}


@pytest.mark.parametrize(
    ("speeds", "asked", "chosen", "warned"),
    [
        (NO_BFLOAT16, Compute(), (FAST, 2), ""),
        (NO_BFLOAT16, Compute(SLOW), (SLOW, 2), "leave out --precision"),
        (NO_BFLOAT16, Compute(FAST, 1), (FAST, 1), ""),  # slower, but not far
        (BUSY, Compute(), (SLOW, 1), ""),
        (BUSY, Compute(FAST), (FAST, 1), ""),
        (BUSY, Compute(AUTO, 2), (SLOW, 2), "leave out --threads"),
        (BUSY, Compute(FAST, 2), (FAST, 2), "leave out --precision and --threads"),
        (BROKEN, Compute(), (FAST, 2), ""),
        (EQUAL, Compute(), (FAST, 2), ""),  # a tenth is noise: the exact precision is kept
    ],
)
def test_the_fastest_is_chosen_of_what_is_not_asked_for(speeds, asked, chosen, warned):
    timing, timings = time_computes(asked, 2, lambda c: speeds[c.precision, c.threads])
    assert (timing.compute.precision, timing.compute.threads) == chosen
    warning = slowness_warning(timing, timings, asked)
    assert warning.endswith(warned) and bool(warning) == bool(warned)


def test_a_warning_has_both_speeds():
    asked = Compute(SLOW)
    timing, timings = time_computes(asked, 2, lambda c: NO_BFLOAT16[c.precision, c.threads])
    assert slowness_warning(timing, timings, asked) == (
        "warning: bfloat16 on 2 threads: 0.2 lines/s here, float32 on 2 threads: 5.0; "
        "leave out --precision"
    )
    assert timings_line(timing, timings).endswith(
        "(float32 on 1 thread: 4.0, float32 on 2 threads: 5.0)"
    )


def test_a_choice_that_was_given_up_is_told_as_such():
    asked = Compute(SLOW, 1)
    timing, timings = time_computes(asked, 1, lambda c: float(c.precision == FAST))
    assert "too slow here to be timed" in slowness_warning(timing, timings, asked)


@given(
    cores=st.integers(0, 64),
    best=st.integers(0, 6),
    precision=st.sampled_from((AUTO, *PRECISIONS)),
    threads=st.integers(0, 9),
)
def test_what_is_asked_for_is_taken_and_each_way_timed_once(cores, best, precision, threads):
    timed = []

    def measure(compute):
        timed.append(compute)
        return 1 / (1 + abs(compute.threads - 2**best))

    asked = Compute(precision, threads)
    chosen, timings = time_computes(asked, cores, measure)
    assert len(timed) == len(set(timed)) == len(timings)
    assert all(compute.precision in PRECISIONS for compute in timed)
    assert precision in (AUTO, chosen.compute.precision)
    assert threads in (BACKEND_THREADS, chosen.compute.threads)
    assert chosen in timings
