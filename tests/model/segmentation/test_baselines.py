from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.line_scores import score_lines
from model.segmentation.baselines import find_baselines
from model.segmentation.maps import LineMaps
from tests.line_drawings import PITCH_PX, drawn_maps, level_line, paths_px


def found_in(lines, shape=(320, 320)):
    return find_baselines(drawn_maps(lines, shape))


def test_nothing_is_found_on_empty_maps():
    assert find_baselines(drawn_maps([])) == []


@settings(deadline=None, max_examples=30)
@given(
    slope=st.floats(-0.25, 0.25),
    tops=st.lists(st.integers(0, 8), min_size=1, max_size=8, unique=True),
    left=st.integers(10, 100),
    right=st.integers(160, 310),
)
def test_drawn_lines_are_found(slope, tops, left, right):
    lines = [level_line(left, right, 50 + PITCH_PX * top, slope) for top in tops]
    found = found_in(lines, (360, 320))
    assert len(found) == len(lines)
    score = score_lines(paths_px(found), [line.path for line in lines], PITCH_PX)
    assert score.line_f1 > 0.97


def test_baselines_have_subpixel_accuracy():
    for y in (100.0, 100.5, 101.2):
        (path,) = paths_px(found_in([level_line(40, 280, y)]))
        assert path[:, 1] == pytest.approx(y, abs=0.6)
        assert path[[0, -1], 0] == pytest.approx([40, 280], abs=5)


def test_the_reach_is_returned_slightly_reduced():
    (line,) = found_in([level_line(40, 280, 100, above_px=18, below_px=8)])
    assert (2 * line.above_px, 2 * line.below_px) == pytest.approx((17.1, 7.6), abs=0.3)
    assert line.probability > 0.8


def test_columns_are_not_joined():
    found = found_in([level_line(20, 150, 100), level_line(166, 300, 100)])
    assert sorted(path[0, 0] for path in paths_px(found)) == pytest.approx([20, 166], abs=5)


def test_a_note_in_the_margin_is_cut_off_where_the_column_begins():
    column = [level_line(120, 300, y) for y in (76, 124)]
    maps = drawn_maps([*column, level_line(20, 300, 100)])
    # The network detected a start, but no gap.
    maps.start[46:54, 59:62] = 0.9
    found = sorted(round(path[0, 0]) for path in paths_px(find_baselines(maps)))
    assert found == pytest.approx([20, 120, 120, 120], abs=5)


def test_a_single_start_within_a_line_does_not_cut_it():
    maps = drawn_maps([level_line(20, 300, y) for y in (76, 100, 124)])
    maps.start[46:54, 59:62] = 0.9
    assert len(find_baselines(maps)) == 3


@pytest.mark.parametrize("detected", ["start", "end"])
def test_pieces_are_not_joined_across_a_mark(detected):
    maps = drawn_maps([level_line(20, 150, 100), level_line(166, 300, 100)])
    other = {"start": maps.end, "end": maps.start}[detected]
    other[:, 70:90] = 0
    assert len(find_baselines(maps)) == 2


def test_a_line_as_short_as_a_page_number_is_found():
    (path,) = paths_px(found_in([level_line(100, 114, 100)]))
    assert path[[0, -1], 0] == pytest.approx([100, 114], abs=5)


def test_a_gap_in_a_line_is_bridged():
    maps = drawn_maps([level_line(20, 300, 100)])
    maps.baseline[:, 70:82] = 0
    assert len(find_baselines(maps)) == 1


def test_touching_lines_stay_separate():
    maps = drawn_maps([level_line(20, 300, 100), level_line(20, 300, 100 + PITCH_PX)])
    # A descender between them that the network mistook for a baseline.
    maps.baseline[50:62, 80:83] = 0.9
    found = find_baselines(maps)
    assert len(found) == 2
    assert all(np.ptp(path[:, 1]) < 6 for path in paths_px(found))


def test_crossing_lines_are_traced_straight():
    lines = [level_line(20, 300, 150, 0.15), level_line(20, 300, 150, -0.15)]
    found = found_in(lines)
    score = score_lines(paths_px(found), [line.path for line in lines], PITCH_PX)
    assert score.f1 > 0.95


def test_writing_of_other_sizes_is_found_on_the_same_page():
    lines = [level_line(20, 200, 60, above_px=34, below_px=14), level_line(20, 60, 100)]
    lines += [level_line(20, 300, y, above_px=8, below_px=4) for y in (130, 144, 158)]
    found = sorted(found_in(lines), key=lambda line: line.path[0, 1])
    heights = [2 * line.height_px / 0.95 for line in found]
    assert heights == pytest.approx([48, 20, 12, 12, 12], rel=0.05)


def test_a_heading_is_not_joined_to_small_writing_beside_it():
    large = level_line(20, 150, 100, above_px=34, below_px=14)
    maps = drawn_maps([large, level_line(172, 300, 100, above_px=8, below_px=4)])
    maps.start[:], maps.end[:] = 0, 0
    assert len(find_baselines(maps)) == 2


def test_specks_are_not_lines():
    maps = drawn_maps([level_line(100, 104, 100)])
    maps.start[:] = 0
    assert find_baselines(maps) == []


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_noise_gives_valid_lines(seed):
    rng = np.random.default_rng(seed)
    maps = LineMaps(*rng.random((5, 90, 70), dtype=np.float32))
    for line in find_baselines(maps):
        assert (np.diff(line.path[:, 0]) > 0).all()
        assert np.isfinite(line.path).all()
