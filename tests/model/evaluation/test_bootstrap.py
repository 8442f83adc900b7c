"""Confidence intervals by bootstrap over pages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation import bootstrap
from model.evaluation.bootstrap import rate_intervals

PAGES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=12)


def columns(pages):
    array = np.array(pages, np.int64)
    return array[:, :1], array[:, 1:]


def test_pages_of_one_character_have_the_interval_of_a_binomial():
    # Pages of one character each, right or wrong: a resampled rate is binomial / n.
    wrong = np.repeat([1, 0], [100, 300])[:, None]
    (interval,) = rate_intervals(wrong, np.ones_like(wrong), resamples=20_000)
    half_width = 1.96 * np.sqrt(0.25 * 0.75 / 400)
    np.testing.assert_allclose(interval, [0.25 - half_width, 0.25 + half_width], atol=0.003)


def test_the_interval_of_two_pages_spans_their_rates():
    # With probability 1/4 both draws are the same page, which is more than the tail.
    edits, lengths = columns([(1, 10), (6, 30)])
    np.testing.assert_allclose(rate_intervals(edits, lengths), [[0.1, 0.2]])


def test_a_narrower_level_lies_inside():
    edits, lengths = columns([(i, 20) for i in range(12)])
    ((low, high),) = rate_intervals(edits, lengths)
    ((inner_low, inner_high),) = rate_intervals(edits, lengths, level=0.5)
    assert low < inner_low < inner_high < high


@given(PAGES)
def test_an_interval_lies_between_the_best_and_the_worst_page(pages):
    ((low, high),) = rate_intervals(*columns(pages))
    rates = [edits / length for edits, length in pages]
    assert min(rates) - 1e-9 <= low <= high <= max(rates) + 1e-9


@given(PAGES, st.integers(0, 5))
def test_equal_seeds_give_equal_intervals(pages, seed):
    one, other = (rate_intervals(*columns(pages), seed=seed) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_rates_do_not_depend_on_each_other():
    edits, lengths = columns([(i, 20) for i in range(9)])
    both = rate_intervals(np.hstack([edits, edits * 2]), np.hstack([lengths, lengths]))
    np.testing.assert_allclose(both[:1], rate_intervals(edits, lengths))
    np.testing.assert_allclose(both[1], both[0] * 2)


def test_resampling_in_steps_gives_the_same_interval(monkeypatch):
    edits, lengths = columns([(i % 7, 20) for i in range(50)])
    ((low, high),) = rate_intervals(edits, lengths)
    monkeypatch.setattr(bootstrap, "_MOST_COUNTS", 170)
    np.testing.assert_array_equal(rate_intervals(edits, lengths), [[low, high]])


def test_pages_without_text_give_no_interval_and_no_warning():
    assert np.isnan(rate_intervals(np.ones((3, 1), int), np.zeros((3, 1), int))).all()
    ((low, high),) = rate_intervals(*columns([(0, 0), (1, 2)]))
    assert (low, high) == (0.5, 0.5)


def test_no_pages_are_refused():
    with pytest.raises(ValueError, match="no page"):
        rate_intervals(np.zeros((0, 1), int), np.zeros((0, 1), int))
