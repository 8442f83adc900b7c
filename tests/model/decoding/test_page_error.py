"""Prediction of the CER of a page."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoding.page_error import (
    LineUncertainty,
    PageErrorModel,
    fit_page_error,
    pool_adjacent_violators,
)
from tests.model.decoding.cross_validation import cross_validate

VALUES = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), min_size=1, max_size=12)


@given(VALUES)
def test_the_fit_never_decreases_and_keeps_the_mean(pairs):
    values, weights = (np.array(column, float) for column in zip(*pairs))
    blocks = pool_adjacent_violators(values, weights)
    fitted = np.concatenate([[value] * (stop - start) for start, stop, value in blocks])
    assert len(fitted) == len(values)
    assert (np.diff(fitted) >= 0).all()
    assert fitted @ weights == pytest.approx(values @ weights)


@given(VALUES)
def test_increasing_values_are_unchanged(pairs):
    values = np.unique([value for value, _ in pairs])
    blocks = pool_adjacent_violators(values, np.ones(len(values)))
    assert [value for *_, value in blocks] == values.tolist()


def drawn_lines(pages, seed=0):
    rng = np.random.default_rng(seed)
    of_page, lines, edits = [], [], []
    for page in range(pages):
        rate = rng.uniform(0.0, 0.3)
        for _ in range(30):
            expected = rate * rng.uniform(0.5, 1.5)
            of_page.append(page)
            lines.append(LineUncertainty(expected / 2, 40))
            edits.append(int(rng.binomial(40, expected)))
    return of_page, lines, edits


def test_the_cer_of_held_out_pages_is_predicted():
    pages, lines, edits = drawn_lines(20)
    found = cross_validate(pages, lines, edits, [40] * len(lines))
    assert len(found) == 20
    gaps = [abs(page.predicted - page.measured) for page in found]
    assert np.mean(np.array(gaps) <= 0.02) >= 0.8
    assert np.std([page.measured for page in found]) > 0.05


def test_a_page_is_predicted_by_the_others_alone():
    lines = [LineUncertainty(0.1, 10), LineUncertainty(0.2, 10)]
    first, second = cross_validate(["a", "b"], lines, [1, 4], [10, 10])
    assert (first.predicted, first.measured) == (0.4, 0.1)
    assert (second.predicted, second.measured) == (0.1, 0.4)


def test_the_model_is_read_back():
    model = fit_page_error([LineUncertainty(0.1, 10), LineUncertainty(0.3, 5)], [0, 2])
    assert PageErrorModel.of_facts(json.loads(json.dumps(asdict(model)))) == model


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"doubts": [0.1], "rates": []},
        {"doubts": 0.1, "rates": 0.1},
        {"doubts": [0.2, 0.1], "rates": [0.0, 0.1]},
        {"doubts": [0.1, 0.2], "rates": [0.1, 0.0]},
        {"doubts": [0.1], "rates": [float("nan")]},
        {"doubts": [0.1], "rates": ["0.1"]},
    ],
)
def test_an_invalid_model_is_refused(wrong):
    with pytest.raises(ValueError, match="prediction of errors"):
        PageErrorModel.of_facts(wrong)


def test_a_fit_without_characters_or_pages_is_refused():
    with pytest.raises(ValueError, match="no characters to fit errors on"):
        fit_page_error([LineUncertainty(0.5, 0)], [3])
    with pytest.raises(ValueError, match="two pages or more"):
        cross_validate(["a"], [LineUncertainty(0.5, 9)], [3], [9])


def test_a_page_without_text_has_no_errors():
    assert PageErrorModel((0.1,), (0.2,)).predict([LineUncertainty(0.5, 0)]) == 0
