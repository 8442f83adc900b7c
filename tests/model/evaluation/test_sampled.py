"""The CER from a random sample of lines."""

import numpy as np
import pytest

from model.evaluation.sampled import LEAST_LINES, sampled_rate


def test_too_few_lines_give_no_rate():
    assert sampled_rate([1] * (LEAST_LINES - 1), [9] * (LEAST_LINES - 1)) is None
    assert sampled_rate([0] * 50, [0] * 50) is None
    assert sampled_rate([1] * LEAST_LINES, [9] * LEAST_LINES).rate == pytest.approx(1 / 9)


def test_a_sample_without_errors_is_not_taken_for_certain():
    found = sampled_rate([0] * 100, [30] * 100)
    assert (found.rate, found.low, found.high) == (0.0, 0.0, 0.001)


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_the_interval_holds_the_rate_of_the_archive(spread):
    rng = np.random.default_rng(3)
    lengths = rng.integers(5, 60, 5000)
    # Lines differ much in how well they are read: few have most of the errors.
    rates = np.minimum(0.05 * rng.gamma(1 / spread, spread, 5000), 1)
    edits = rng.binomial(lengths, rates)
    truth = edits.sum() / lengths.sum()
    inside = 0
    for _ in range(300):
        drawn = rng.choice(5000, 100, replace=False)
        found = sampled_rate(edits[drawn].tolist(), lengths[drawn].tolist())
        inside += found.low <= truth <= found.high
    assert 0.9 <= inside / 300 <= 1.0
