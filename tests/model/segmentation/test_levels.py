"""The levels of a page, and the choice between lines that several of them show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.segmentation.baselines import FoundLine
from model.segmentation.levels import (
    LevelLine,
    choose_lines,
    coarsest_level,
    leave_out_doubtful,
)
from model.segmentation.scale import FINEST_PIXELS, page_levels
from tests.line_drawings import drawn_page

# Pixels of the page per pixel of each level.
SCALES = (2.0, 5.0, 12.5)


def found(left, right, y, height_px, level, probability=0.9):
    """Return a line as a level shows it."""
    count = max(2, round((right - left) / height_px) + 1)
    path = np.stack([np.linspace(left, right, count), np.full(count, float(y))], axis=1)
    line = FoundLine(path, 0.7 * height_px, 0.3 * height_px, probability)
    return LevelLine(line, level, height_px / SCALES[level])


def chosen(candidates):
    return sorted(
        (round(line.path[0, 0]), round(line.path[-1, 0]), round(line.height_px))
        for line in choose_lines(candidates)
    )


@pytest.mark.parametrize("shape", [(4000, 3000), (300, 200), (90, 2000), (40, 40), (20_000, 300)])
def test_levels_are_bounded_and_refer_to_the_page(shape):
    levels = page_levels(np.full(shape, 200, np.uint8))
    assert 1 <= len(levels) <= 3
    assert all(level.ink.size <= 1.01 * FINEST_PIXELS for level in levels)
    for level in levels:
        corner = np.array([level.ink.shape[1] - 0.5, level.ink.shape[0] - 0.5, 1])
        assert (level.to_page() @ corner)[:2] == pytest.approx(np.array(shape[::-1]) - 0.5)


def test_writing_of_any_size_is_found_on_the_coarsest_level():
    grey, _ = drawn_page()
    levels = page_levels(grey)
    # From a 70th to an eighth of the height of the page.
    for height_px in np.geomspace(grey.shape[0] / 70, grey.shape[0] / 8, 20):
        assert 12 <= height_px / coarsest_level(levels, height_px).scale[1] <= 52


def test_the_same_line_on_two_levels_is_taken_once_where_it_fits():
    assert chosen([found(0, 900, 100, 48, 0), found(4, 890, 103, 55, 1)]) == [(0, 900, 48)]
    assert chosen([found(0, 900, 100, 110, 0), found(4, 890, 103, 115, 1)]) == [(4, 890, 115)]


def test_lines_of_two_sizes_are_both_taken():
    heading, text = found(0, 900, 100, 240, 2), found(0, 900, 320, 40, 0)
    assert len(chosen([heading, text])) == 2


def test_a_coarse_line_that_spans_two_fine_ones_is_left_out():
    fine = [found(0, 900, y, 40, 0) for y in (100, 145)]
    assert len(chosen([*fine, found(0, 900, 120, 95, 1, probability=0.6)])) == 2


def test_a_line_replaces_the_pieces_that_another_level_shows():
    pieces = [found(0, 240, 100, 48, 0), found(780, 900, 100, 48, 0)]
    assert chosen([*pieces, found(0, 900, 102, 50, 1)]) == [(0, 900, 50)]


def test_lines_of_one_level_never_compete():
    assert len(chosen([found(0, 900, y, 60, 0) for y in (100, 112, 124)])) == 3


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 500),
            st.integers(60, 800),
            st.integers(0, 900),
            st.integers(20, 300),
            st.integers(0, 2),
            st.floats(0.5, 1.0),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_the_choice_does_not_depend_on_the_order(drawn, random):
    candidates = [found(x, x + length, y, *rest) for x, length, y, *rest in drawn]
    shuffled = random.sample(candidates, len(candidates))
    key = sorted(map(id, choose_lines(candidates)))
    if len({one.fitness for one in candidates}) == len(candidates):
        assert key == sorted(map(id, choose_lines(shuffled)))
    assert bool(key) == bool(candidates)


@pytest.mark.parametrize(
    ("probabilities", "length", "kept"),
    [
        ((0.9, 0.9, 0.6), 900, 2),
        # A hand that the network is unsure of.
        ((0.68, 0.68, 0.6), 900, 3),
        # Bleed-through on a blank page.
        ((0.6, 0.6, 0.55), 900, 0),
        # Too little to tell: specks on an empty page.
        ((0.6, 0.6, 0.55), 90, 0),
        ((0.9,), 90, 1),
    ],
)
def test_what_is_doubtful_depends_on_the_page(probabilities, length, kept):
    lines = [
        found(0, length, 100 * i, 40, 0, probability).line
        for i, probability in enumerate(probabilities)
    ]
    assert len(leave_out_doubtful(lines)) == kept
