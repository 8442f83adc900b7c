"""Polylines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.geometry.polylines import (
    arc_lengths,
    column_bounds,
    densify,
    levelling_rotation,
    resample,
    smooth,
    up_normals,
)

COORDINATE = st.floats(-1e4, 1e4)
POLYLINES = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=12).map(np.array)


@given(POLYLINES, st.integers(2, 50))
def test_resampled_points_keep_the_ends(points, count):
    length = arc_lengths(points)[-1]
    even = resample(points, np.linspace(0, length, count))
    assert np.allclose(even[[0, -1]], points[[0, -1]], atol=1e-3)


@given(POLYLINES)
def test_normals_are_perpendicular_to_a_straight_line(points):
    direction = points[-1] - points[0]
    if np.hypot(*direction) < 1:
        return
    line = points[0] + np.linspace(0, 1, 9)[:, None] * direction
    normals = up_normals(line)
    assert np.allclose(normals @ direction / np.hypot(*direction), 0, atol=1e-6)
    assert np.allclose(np.hypot(*normals.T), 1)


@given(st.floats(-3, 3), st.integers(2, 60), st.integers(1, 40))
def test_smoothing_keeps_straight_lines(slope, count, window):
    xs = np.arange(float(count))
    line = np.stack([xs, 5 + slope * xs], axis=1)
    assert np.allclose(smooth(line, window), line)


def test_smoothing_removes_jitter():
    xs = np.arange(100.0)
    jitter = np.stack([xs, np.where(xs % 2, 3.0, -3.0)], axis=1)
    assert np.abs(smooth(jitter, 20)[20:-20, 1]).max() < 0.5


@given(st.lists(POLYLINES, max_size=5))
def test_levelling_turns_the_common_direction_to_the_right(paths):
    rotation = levelling_rotation(paths)
    assert np.allclose(rotation @ rotation.T, np.eye(2))
    across, down = sum(((path[-1] - path[0]) @ rotation for path in paths), np.zeros(2))
    assert across >= 0
    assert abs(down) < 1e-6


@pytest.mark.parametrize("paths", [[], [np.zeros((2, 2))]])
def test_polylines_without_a_direction_are_not_turned(paths):
    assert levelling_rotation(paths).tolist() == [[1, 0], [0, 1]]


def test_outlines_are_measured_column_by_column():
    triangle = np.array([[0.0, 0], [10, 0], [5, 8]])
    top, bottom = column_bounds(triangle, np.array([5.0, 2.5, 99]))
    assert top[:2].tolist() == [0, 0] and bottom[:2].tolist() == [8, 4]
    assert np.isnan(top[2])


def test_densified_outlines_have_points_on_every_side():
    square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
    points = densify(square, 1.0, most=99)
    assert len(points) == 40
    assert len(densify(square, 1.0, most=7)) == 7
    assert {tuple(p) for p in square} <= {tuple(p) for p in points}
