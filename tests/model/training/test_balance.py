"""How often lines are drawn in an epoch."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training.balance import draw_lines, draws_per_epoch
from tests.drawn import line_example

COUNTS = st.dictionaries(st.text(max_size=3), st.integers(1, 5_000), min_size=1)
LINES = [replace(line_example("acte", i), document="a" if i % 4 else "b") for i in range(40)]


@given(COUNTS, st.floats(0, 1))
def test_small_documents_are_drawn_more_often_but_not_more_often_in_total(counts, balance):
    draws = draws_per_epoch(counts, balance)
    assert all(0 < times <= 8 for times in draws.values())
    ordered = sorted(counts, key=counts.get)
    assert [draws[n] for n in ordered] == sorted(draws.values(), reverse=True)
    totals = [counts[n] * draws[n] for n in ordered]
    assert totals == pytest.approx(sorted(totals), rel=1e-4)


@given(COUNTS, st.floats(0, 1))
def test_an_epoch_is_as_long_as_without_balance(counts, balance):
    draws = draws_per_epoch(counts, balance)
    drawn = sum(counts[name] * times for name, times in draws.items())
    assert drawn == pytest.approx(sum(counts.values()), rel=1e-4)


def test_without_balance_every_line_is_drawn_once_per_epoch():
    for epoch in range(4):
        drawn = list(draw_lines(LINES, draws_per_epoch({"a": 30, "b": 10}, 0.0), epoch))
        assert [draw.line for draw in drawn] == LINES
        assert {draw.turn for draw in drawn} == {epoch}


@given(st.floats(1, 8))
def test_over_several_epochs_each_line_has_the_wanted_number_of_draws_with_distinct_turns(times):
    draws = [
        (draw.line.line_id, draw.turn)
        for epoch in range(5)
        for draw in draw_lines(LINES, {"a": 1.0, "b": times}, epoch)
    ]
    assert len(set(draws)) == len(draws)
    counted = Counter(name for name, _ in draws)
    for line in LINES:
        expected = 5 * times if line.document == "b" else 5
        assert abs(counted[line.line_id] - expected) < 1


def test_the_draws_of_a_line_do_not_depend_on_its_position():
    draws = {"a": 1.0, "b": 2.4}
    assert sorted(draw_lines(LINES, draws, 3), key=repr) == sorted(
        draw_lines(LINES[::-1], draws, 3), key=repr
    )
