"""Found lines end where their ink does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.segmentation.baselines import FoundLine
from model.segmentation.ends import trim_ends


def written(left, right, width=400):
    """Return ink with letters from left to right, on a baseline at height 60."""
    ink = np.zeros((100, width), np.uint8)
    for x in range(left, right - 4, 9):
        ink[48:60, x : x + 5] = 220
    return ink


def line(left, right, count=12):
    path = np.stack([np.linspace(left, right, count), np.full(count, 60.0)], axis=1)
    return FoundLine(path, 20.0, 8.0, 0.9)


def ends(found):
    return found.path[[0, -1], 0].tolist()


def test_paper_at_either_end_is_cut_off_but_for_a_little():
    assert ends(trim_ends(line(70, 330), written(100, 300))) == pytest.approx([97, 297], abs=3)


def test_a_line_that_ends_at_its_ink_keeps_its_ends():
    assert ends(trim_ends(line(98, 296), written(100, 300))) == pytest.approx([98, 296], abs=1)


@pytest.mark.parametrize("x", [72, 322])
def test_a_rule_beside_the_writing_is_no_ink_of_it(x):
    ink = written(100, 300)
    ink[:, x : x + 2] = 255
    assert ends(trim_ends(line(70, 330), ink)) == pytest.approx([97, 297], abs=3)


def test_no_more_than_some_letters_are_cut_off():
    assert ends(trim_ends(line(10, 330), written(200, 300)))[0] == pytest.approx(50, abs=4)


def test_faint_ink_counts_beside_faint_ink():
    faint = (written(100, 300) * 0.15).astype(np.uint8)
    assert ends(trim_ends(line(70, 330), faint)) == pytest.approx([97, 297], abs=3)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(-80, 380),
    st.integers(2, 500),
    st.floats(-40, 140),
    st.integers(0, 2**32 - 1),
)
def test_the_baseline_only_becomes_shorter(left, length, y, seed):
    rng = np.random.default_rng(seed)
    ink = rng.integers(0, 256, (100, 400)).astype(np.uint8) * (rng.random((100, 400)) < 0.05)
    found = FoundLine(np.array([[left, y], [left + length, y]], float), 20.0, 8.0, 0.9)
    trimmed = trim_ends(found, ink.astype(np.uint8))
    assert left <= trimmed.path[0, 0] < trimmed.path[-1, 0] <= left + length
    assert np.diff(trimmed.path[:, 0]).min() > 0
