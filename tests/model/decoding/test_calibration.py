"""Calibration of confidences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoding.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability,
    right_characters,
    temper,
)

RNG = np.random.default_rng(0)
CALIBRATED = RNG.uniform(0.3, 1, 20_000)
RIGHT = RNG.uniform(size=len(CALIBRATED)) < CALIBRATED


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_distorted_confidences_is_fitted(temperature):
    distorted = temper(CALIBRATED, 1 / temperature)
    assert fit_temperature(distorted, RIGHT) == pytest.approx(temperature, rel=0.05)


def test_calibration_lowers_the_error():
    overconfident = temper(CALIBRATED, 0.4)
    fitted = temper(overconfident, fit_temperature(overconfident, RIGHT))
    before, after = (
        expected_calibration_error(reliability(c, RIGHT)) for c in (overconfident, fitted)
    )
    assert before > 0.08
    assert after < 0.02


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(0.1, 10))
def test_tempering_keeps_order_and_range(confidences, temperature):
    confidences = np.sort(confidences)
    tempered = temper(confidences, temperature)
    assert (tempered >= 0).all() and (tempered <= 1).all()
    assert (np.diff(tempered) >= 0).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1), st.integers(1, 20))
def test_bins_hold_every_character_once(pairs, count):
    confidences, right = (np.array(values) for values in zip(*pairs))
    bins = reliability(confidences, right, count)
    assert sum(b.count for b in bins) == len(pairs)
    assert sum(b.count * b.confidence for b in bins) == pytest.approx(confidences.sum())
    assert sum(b.count * b.accuracy for b in bins) == pytest.approx(right.sum())
    assert all(b.lower - 1e-9 <= b.confidence <= b.upper + 1e-9 for b in bins)
    assert 0 <= expected_calibration_error(bins) <= 1


def test_confident_errors_have_the_largest_calibration_error():
    assert expected_calibration_error(reliability(np.ones(4), np.zeros(4, bool))) == 1
    assert expected_calibration_error(reliability(np.zeros(0), np.zeros(0, bool))) == 0


def test_extreme_confidences_can_be_fitted():
    assert 0.1 <= fit_temperature(np.array([1.0, 1.0, 0.0]), np.array([True, False, True])) <= 10


def test_invalid_input_is_refused():
    with pytest.raises(ValueError, match="no characters to calibrate on"):
        fit_temperature(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(ValueError, match="temperature of 0; give a number above 0"):
        temper(np.array([0.5]), 0)


@given(st.text("abc"), st.text("abc"))
def test_correct_characters_are_in_both_texts(truth, read):
    right = right_characters(truth, read)
    assert len(right) == len(read)
    assert sum(right) <= len(truth)
    assert right.all() or truth != read
