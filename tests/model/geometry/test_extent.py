"""How far lines reach: ink, polygons and the line pitch."""

from __future__ import annotations

import numpy as np
import pytest

from model.geometry.extent import line_extents
from schemas.records import Line

ABOVE_PX, BELOW_PX = 40.0, 16.0


def written_line(number: int, above: float = ABOVE_PX, below: float = BELOW_PX) -> Line:
    """Return a line with a baseline and, if it has a height, a polygon."""
    y = 100.0 * (number + 1)
    corners = ((0, y - above), (600, y - above), (600, y + below), (0, y + below))
    polygon = corners if above + below > 0 else ()
    return Line(f"l{number}", number, baseline=((0.0, y), (600.0, y)), polygon=polygon)


def reaches(lines: list[Line], ink=(ABOVE_PX, BELOW_PX)) -> list[tuple[float, float]]:
    writing_px = np.tile(np.array(ink, float), (len(lines), 1)) if np.ndim(ink) == 1 else ink
    return [(one.above_px, one.below_px) for one in line_extents(lines, np.array(writing_px))]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 8])
def test_lines_left_out_do_not_change_the_others(step):
    lines = [written_line(number) for number in range(17)]
    assert np.allclose(reaches(lines[::step]), reaches(lines)[::step])


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (2 * ABOVE_PX + BELOW_PX, -ABOVE_PX),  # a line too high
        (0.2 * ABOVE_PX, 0.2 * BELOW_PX),  # thin strips
        (ABOVE_PX, 0.0),  # nothing below the baseline
        (900.0, 900.0),  # the whole page
        (0.0, 0.0),  # none
    ],
)
def test_polygons_that_the_ink_contradicts_are_not_believed(above, below):
    lines = [written_line(number, above, below) for number in range(5)]
    assert reaches(lines) == [pytest.approx((ABOVE_PX, BELOW_PX))] * 5


def test_polygons_near_the_ink_are_believed():
    lines = [written_line(number, 1.1 * ABOVE_PX, 0.9 * BELOW_PX) for number in range(5)]
    for reach in reaches(lines):
        assert reach == pytest.approx((1.1 * ABOVE_PX, 0.9 * BELOW_PX), rel=0.03)


def test_a_single_odd_polygon_is_bounded_by_the_others():
    lines = [written_line(number) for number in range(5)]
    lines[2] = written_line(2, 4 * ABOVE_PX)
    assert reaches(lines)[2][0] == pytest.approx(1.35 * ABOVE_PX, rel=0.03)


def test_writing_of_another_size_keeps_its_size():
    lines = [written_line(number, 0, 0) for number in range(6)]
    ink = np.tile([ABOVE_PX, BELOW_PX], (6, 1))
    ink[0] *= 3
    heading, *others = reaches(lines, ink)
    assert heading[0] > 2.4 * ABOVE_PX
    assert others == [pytest.approx((ABOVE_PX, BELOW_PX))] * 5


def test_a_line_whose_ink_was_not_measured_is_like_the_others():
    lines = [written_line(number, 0, 0) for number in range(3)]
    ink = np.array([[ABOVE_PX, BELOW_PX], [np.nan, np.nan], [ABOVE_PX, BELOW_PX]])
    assert reaches(lines, ink)[1] == pytest.approx((ABOVE_PX, BELOW_PX))


def test_without_any_ink_the_line_pitch_decides():
    lines = [written_line(number, 0, 0) for number in range(3)]
    unmeasured = np.full((3, 2), np.nan)
    assert reaches(lines, unmeasured) == [pytest.approx((70.0, 30.0))] * 3
