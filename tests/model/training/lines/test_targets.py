from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.training.lines.targets import draw_targets, target_lines, transform
from schemas.records import Line
from tests.line_drawings import level_line

LINE = Line(
    "l1", 0, baseline=((20, 50), (100, 50)), polygon=((20, 30), (100, 30), (100, 58), (20, 58))
)


def test_marks_lie_where_the_line_does():
    targets = draw_targets([level_line(20, 100, 50)], (96, 128), complete=True)
    baseline, start, end = (targets[..., i] for i in range(3))
    assert targets.shape == (48, 64, 6)
    assert np.argmax(baseline[:, 30]) in (24, 25)
    assert np.unravel_index(np.argmax(start), start.shape)[1] in (9, 10)
    assert np.unravel_index(np.argmax(end), end.shape)[1] in (49, 50)
    assert not baseline[:, 54:].any()
    assert not baseline[:20].any()


def test_places_where_lines_meet_have_a_higher_weight():
    lines = [level_line(20, 60, 50), level_line(70, 120, 50)]
    shape = (96, 128)
    alike = draw_targets(lines, shape, complete=True)
    more = draw_targets(lines, shape, complete=True, meeting_weight=4.0)
    assert np.array_equal(alike[..., :5], more[..., :5])
    assert set(np.unique(alike[..., 5])) == {1.0} and set(np.unique(more[..., 5])) == {1.0, 4.0}
    assert more[25, 30, 5] == more[25, 35, 5] == 4 and more[25, 12, 5] == 1
    # Pixels of weight 0 keep it.
    partial, weighted = (
        draw_targets(lines, shape, complete=False, meeting_weight=weight)[..., 5]
        for weight in (1.0, 4.0)
    )
    assert np.array_equal(partial > 0, weighted > 0)


def test_the_extents_are_drawn_on_the_baseline():
    targets = draw_targets([level_line(20, 100, 50)], (96, 128), complete=True)
    on_line = targets[..., 0] > 0.5
    assert targets[..., 3][on_line] == pytest.approx(14 / 16)
    assert targets[..., 4][on_line] == pytest.approx(6 / 16)


def test_if_lines_may_be_missing_only_pixels_near_known_lines_count():
    targets = draw_targets([level_line(20, 100, 50)], (192, 128), complete=False)
    weight = targets[..., 5]
    assert weight[25, 30] == 1
    assert weight[25 + 12, 30] == weight[80, 30] == 0
    assert draw_targets([], (96, 128), complete=True)[..., 5].all()


@pytest.mark.parametrize(
    ("height_px", "found", "counts"),
    [(20, True, True), (9, False, False), (6, False, True), (60, False, False), (80, False, True)],
)
def test_only_lines_of_a_size_that_suits_the_level_are_to_be_found(height_px, found, counts):
    line = level_line(60, 200, 100, above_px=0.7 * height_px, below_px=0.3 * height_px)
    targets = draw_targets([line], (192, 256), complete=True)
    assert (targets[..., 0].max() > 0.9) == found
    assert (targets[49, 60, 5] > 0) == counts
    assert targets[90, 10, 5] == 1


@pytest.mark.parametrize("path", [[[50, 20], [60, 150]], [[200, 60], [40, 60]]])
def test_steep_lines_and_lines_from_right_to_left_do_not_count(path):
    line = replace(level_line(0, 1, 0), path=np.array(path, float))
    targets = draw_targets([line], (192, 256), complete=True)
    assert not targets[..., :5].any()
    middle = np.mean(path, axis=0).astype(int) // 2
    assert targets[middle[1], middle[0], 5] == 0


def test_the_extents_are_those_that_the_recogniser_crops():
    (line,) = target_lines([LINE])
    assert line.path.tolist() == [[20, 50], [100, 50]]
    assert line.above_px == pytest.approx(20, abs=1)
    assert line.below_px == pytest.approx(8, abs=1)


def test_lines_without_a_baseline_are_no_targets():
    short = Line("l2", 1, baseline=((5, 5), (5, 5)))
    assert len(target_lines([LINE, Line("l3", 2, polygon=LINE.polygon), short])) == 1


def test_a_moved_line_keeps_its_proportions():
    double = np.diag([2.0, 2.0, 1.0])
    moved = transform(level_line(20, 100, 50), double)
    assert moved.path[[0, -1]].tolist() == [[40, 100], [200, 100]]
    assert moved.above_px == pytest.approx(28)
    turned = transform(level_line(20, 100, 50), np.array([[0.0, -1, 90], [1, 0, 0], [0, 0, 1]]))
    assert np.allclose(turned.path[:, 0], 40)
    assert turned.below_px == pytest.approx(6)
