"""Matching of detected lines with true ones by their baselines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.line_matching import match_by_place, score_to_dict, total_score
from schemas.records import Line

PITCH_PX = 40


def line(name, y, left=0, right=400):
    return Line(name, 0, baseline=((left, y), (right, y)))


PAGE = tuple(line(f"t{i}", PITCH_PX * i) for i in range(1, 7))


def moved(lines, across, down):
    return [
        Line(one.line_id, 0, baseline=tuple((x + across, y + down) for x, y in one.baseline))
        for one in lines
    ]


@settings(max_examples=40)
@given(
    st.permutations(range(len(PAGE))),
    st.integers(0, len(PAGE)),
    st.floats(-9, 9),
    st.floats(-100, 100),
)
def test_shifted_lines_match_in_any_order(order, count, down, across):
    found = moved([PAGE[i] for i in order[:count]], across, down)
    match = match_by_place(found, PAGE)
    assert match.pairs == tuple(enumerate(order[:count]))
    assert (match.score.found, match.score.true) == (count, len(PAGE))


@settings(max_examples=40)
@given(st.data())
def test_pairs_are_one_to_one_and_their_scores_are_shares(data):
    coordinate = st.floats(0, 300, width=32)
    drawn = st.lists(st.tuples(coordinate, coordinate), max_size=4).map(tuple)
    lines = st.lists(st.builds(Line, st.just("l"), st.just(0), baseline=drawn, polygon=drawn))
    found, true = data.draw(lines), data.draw(lines)
    match = match_by_place(found, true)
    for places, count in zip(zip(*match.pairs), (len(found), len(true))):
        assert len(set(places)) == len(places)
        assert all(0 <= place < count for place in places)
    figures = score_to_dict(match.score)
    assert figures.pop("lines_found") <= len(found)
    assert figures.pop("lines_true") <= len(true)
    assert all(0 <= share <= 1 for share in figures.values())


@settings(max_examples=20)
@given(st.sets(st.integers(0, len(PAGE) - 1)))
def test_lines_without_geometry_keep_their_index_and_stay_unmatched(bare):
    true = [Line(one.line_id, 0) if i in bare else one for i, one in enumerate(PAGE)]
    match = match_by_place(PAGE, true)
    assert match.pairs == tuple((i, i) for i in range(len(PAGE)) if i not in bare)
    assert match.score.true == len(PAGE) - len(bare)


def test_of_two_parts_of_a_line_the_longer_one_matches():
    found = [line("short", PITCH_PX, 0, 150), line("long", PITCH_PX, 150, 400)]
    assert match_by_place(found, PAGE).pairs == ((1, 0),)


def test_a_line_that_only_crosses_another_does_not_match():
    upright = Line("s", 0, baseline=((200, -200), (200, 600)))
    assert match_by_place([upright], PAGE[:1]).pairs == ()


def test_a_polygon_replaces_a_missing_baseline():
    outlines = [
        Line(one.line_id, 0, polygon=((0, y - 28), (400, y - 28), (400, y + 12), (0, y + 12)))
        for one in PAGE
        for y in (one.baseline[0][1],)
    ]
    assert match_by_place(PAGE, outlines).pairs == tuple((i, i) for i in range(len(PAGE)))


def test_a_page_of_one_line_has_a_tolerance():
    only = line("t", 100)
    assert match_by_place(moved([only], 5, 4), [only]).pairs == ((0, 0),)
    assert match_by_place(moved([only], 5, 30), [only]).pairs == ()


def test_measures_are_averaged_and_lines_summed():
    scores = [match_by_place(found, PAGE).score for found in (PAGE, PAGE[:3], ())]
    total = total_score(scores)
    assert (total.found, total.true) == (9, 18)
    assert total.line_recall == pytest.approx(np.mean([1, 0.5, 0]))
    with pytest.raises(ValueError, match="no page"):
        total_score([])
