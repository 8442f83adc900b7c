"""Scores of baseline detection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.line_scores import mean_score, order_error, score_lines

PITCH_PX = 40


def line(left, right, y):
    return np.array([[left, y], [right, y]], float)


PAGE = [line(0, 400, 40 * i) for i in range(1, 6)]


def test_the_ground_truth_scores_perfectly():
    score = score_lines(PAGE, PAGE, PITCH_PX)
    assert (score.f1, score.line_f1, score.order_error) == (1, 1, 0)
    assert (score.found, score.true) == (5, 5)


@pytest.mark.parametrize(("offset", "expected"), [(9, 1.0), (11, 0.0)])
def test_the_tolerance_is_a_quarter_of_the_pitch(offset, expected):
    score = score_lines([line(0, 400, 40 + offset)], PAGE[:1], PITCH_PX)
    assert (score.precision, score.recall, score.line_f1) == (expected,) * 3


def test_a_long_line_lowers_precision_and_a_short_one_recall():
    longer = score_lines([line(0, 800, 40)], PAGE[:1], PITCH_PX)
    assert longer.precision == pytest.approx(0.51, abs=0.01)
    assert longer.recall == 1
    shorter = score_lines([line(0, 200, 40)], PAGE[:1], PITCH_PX)
    assert shorter.precision == 1
    assert shorter.recall == pytest.approx(0.52, abs=0.01)


def test_a_line_in_halves_lowers_only_the_line_measures():
    score = score_lines([line(0, 200, 40), line(200, 400, 40)], PAGE[:1], PITCH_PX)
    assert score.f1 == 1
    assert score.line_precision == 0.5
    assert score.line_recall == pytest.approx(0.52, abs=0.01)


def test_a_false_positive_lowers_precision():
    score = score_lines([*PAGE, line(0, 400, 400)], PAGE, PITCH_PX)
    assert score.precision == score.line_precision == pytest.approx(5 / 6)


def test_pages_without_lines():
    assert score_lines([], [], PITCH_PX).f1 == 1
    assert score_lines([], PAGE, PITCH_PX).recall == 0
    assert score_lines(PAGE, [], PITCH_PX).precision == 0
    assert score_lines([], PAGE, PITCH_PX).f1 == 0


def test_the_wrong_order_is_measured():
    assert score_lines(PAGE[::-1], PAGE, PITCH_PX).order_error == 1
    assert score_lines([*PAGE[1:], PAGE[0]], PAGE, PITCH_PX).order_error == pytest.approx(4 / 10)


def test_pages_are_averaged():
    both = mean_score([score_lines(PAGE, PAGE, PITCH_PX), score_lines([], PAGE, PITCH_PX)])
    assert (both.f1, both.found) == (0.5, 2.5)
    with pytest.raises(ValueError, match="no page"):
        mean_score([])


@given(st.permutations(range(6)))
def test_order_error_is_a_share(order):
    error = order_error(list(enumerate(order)))
    backwards = order_error(list(enumerate(order[::-1])))
    assert 0 <= error <= 1
    assert error + backwards == pytest.approx(1)
