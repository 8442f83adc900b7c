from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.evaluation.line_scores import score_lines
from model.segmentation.finder import find_lines
from model.segmentation.scale import WORK_PITCH_PX, estimate_pitch_px
from model.synthetic.pages import HandwritingConfig
from model.training.lines.targets import draw_targets, target_lines, transform
from tests.line_drawings import drawn_page

PITCH_PX = HandwritingConfig().line_pitch_px


class KnowingNetwork:
    """Say of a page what is known of it, if it lies as it was drawn; else nothing.

    It stands for a trained network: pages are told apart by their sides, and a page on its
    head by where its ink lies.
    """

    def __init__(self, page, grey):
        self._lines = target_lines(page.lines)
        self._factor = WORK_PITCH_PX / estimate_pitch_px(grey)
        self._size = [round(length * self._factor) for length in grey.shape]
        self._ink = cv2.resize(255.0 - grey, tuple(self._size[::-1]), interpolation=cv2.INTER_AREA)
        self.sizes = []

    def __call__(self, image):
        image = image[0, 0]
        self.sizes.append(image.shape)
        targets = draw_targets(self._seen(image), image.shape, 24, complete=True)
        maps = targets[..., :5].transpose(2, 0, 1).copy()
        logits = np.log(np.clip(maps, 1e-4, 1 - 1e-4) / (1 - np.clip(maps, 1e-4, 1 - 1e-4)))
        logits[3:] = np.log(np.expm1(np.maximum(maps[3:], 1e-3)))
        return logits[None].astype(np.float32)

    def _seen(self, image):
        height, width = self._size
        if any(not 0 <= long - short < 18 for long, short in zip(image.shape, self._size)):
            return []
        part = image[:height, :width]
        upright, headlong = ((part * ink).sum() for ink in (self._ink, self._ink[::-1, ::-1]))
        matrix = np.diag([self._factor, self._factor, 1.0])
        return [transform(line, matrix) for line in self._lines] if upright > headlong else []


def score(found, page):
    paths = [[np.array(line.baseline) for line in lines] for lines in (found, page.lines)]
    return score_lines(*paths, PITCH_PX)


def test_what_the_network_sees_is_found():
    grey, page = drawn_page()
    found = find_lines(grey, KnowingNetwork(page, grey))
    assert [line.index for line in found] == list(range(8))
    assert [line.line_id for line in found] == [f"l{i + 1}" for i in range(8)]
    assert {line.region_id for line in found} == {"r1"}
    measured = score(found, page)
    assert measured.line_f1 > 0.97
    assert measured.order_error == 0


def test_polygons_reach_as_far_as_the_network_says():
    grey, page = drawn_page()
    (known, *_) = target_lines(page.lines)
    (line, *_) = find_lines(grey, KnowingNetwork(page, grey))
    outline, baseline = np.array(line.polygon), np.array(line.baseline)
    assert baseline[:, 1].mean() - outline[:, 1].min() == pytest.approx(known.above_px, rel=0.3)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_turned_pages_are_found_in_their_own_pixels(quarter_turns):
    grey, page = drawn_page(3, 12)
    network = KnowingNetwork(page, grey)
    upright = find_lines(grey, network)
    turned = find_lines(np.rot90(grey, -quarter_turns).copy(), network)
    assert len(turned) == len(upright) == 12
    height, width = grey.shape
    for line, other in zip(turned, upright):
        x, y = np.array(line.baseline).T
        back = {
            1: (y, height - 1 - x),
            2: (width - 1 - x, height - 1 - y),
            3: (width - 1 - y, x),
        }[quarter_turns]
        assert np.stack(back, axis=1)[[0, -1]] == pytest.approx(
            np.array(other.baseline)[[0, -1]], abs=6
        )


def test_a_large_page_is_worked_on_in_bounds():
    grey, page = drawn_page(1, 6)
    large = cv2.resize(grey, None, fx=4, fy=4)
    network = KnowingNetwork(page, grey)
    found = find_lines(large, network)
    assert len(found) == 6
    assert max(height * width for height, width in network.sizes) <= 2_600_000


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (64, 64), (900, 20)])
def test_pages_of_any_size_are_survived(shape):
    def blind(image):
        height, width = image.shape[2:]
        return np.full((1, 5, height // 2, width // 2), -9, np.float32)

    for grey in (np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)):
        assert find_lines(grey, blind) == ()


def test_other_arrays_are_refused():
    with pytest.raises(ValueError, match="give uint8"):
        find_lines(np.zeros((4, 4, 3), np.uint8), lambda image: image)
