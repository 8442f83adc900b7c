from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.evaluation.line_scores import score_lines
from model.segmentation.finder import find_lines
from model.segmentation.scale import page_levels
from model.synthetic.pages import HandwritingConfig
from model.training.lines.targets import draw_targets, target_lines, transform
from tests.line_drawings import drawn_page

PITCH_PX = HandwritingConfig().line_pitch_px


class OracleNetwork:
    """Predict the known lines of a page if it is upright, else none.

    It replaces a trained network: it recognises rotated pages by their sides, and pages that are
    upside down by the position of their ink.
    """

    def __init__(self, page, grey, enlarged=1.0):
        """Take the page, and the image of it that is searched: so many times as large."""
        matrix = np.diag([enlarged, enlarged, 1.0])
        self._lines = [transform(line, matrix) for line in target_lines(page.lines)]
        self._levels = page_levels(grey)
        self.sizes = []

    def __call__(self, image):
        image = image[0, 0]
        self.sizes.append(image.shape)
        targets = draw_targets(self._visible_lines(image), image.shape, complete=True)
        maps = targets[..., :5].transpose(2, 0, 1).copy()
        logits = np.log(np.clip(maps, 1e-4, 1 - 1e-4) / (1 - np.clip(maps, 1e-4, 1 - 1e-4)))
        logits[3:] = np.log(np.expm1(np.maximum(maps[3:], 1e-3)))
        return logits[None].astype(np.float32)

    def _visible_lines(self, image):
        for level in self._levels:
            height, width = level.ink.shape
            if all(0 <= long - short < 16 for long, short in zip(image.shape, level.ink.shape)):
                part = image[:height, :width]
                upright, upside_down = (
                    (part * ink).sum() for ink in (level.ink, level.ink[::-1, ::-1])
                )
                to_level = np.linalg.inv(level.to_page())
                lines = [transform(line, to_level) for line in self._lines]
                return lines if upright > upside_down else []
        return []


def score(found, page):
    paths = [[np.array(line.baseline) for line in lines] for lines in (found, page.lines)]
    return score_lines(*paths, PITCH_PX)


def test_lines_that_the_network_predicts_are_found():
    grey, page = drawn_page()
    found = find_lines(grey, OracleNetwork(page, grey))
    assert [line.index for line in found] == list(range(8))
    assert [line.line_id for line in found] == [f"l{i + 1}" for i in range(8)]
    assert {line.region_id for line in found} == {"r1"}
    measured = score(found, page)
    assert measured.line_f1 > 0.97
    assert measured.order_error == 0


def test_polygons_have_the_reach_that_the_network_predicts():
    grey, page = drawn_page()
    (known, *_) = target_lines(page.lines)
    (line, *_) = find_lines(grey, OracleNetwork(page, grey))
    outline, baseline = np.array(line.polygon), np.array(line.baseline)
    assert baseline[:, 1].mean() - outline[:, 1].min() == pytest.approx(known.above_px, rel=0.3)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_lines_of_rotated_pages_are_in_pixels_of_those_pages(quarter_turns):
    grey, page = drawn_page(3, 12)
    network = OracleNetwork(page, grey)
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


def test_the_input_of_the_network_is_bounded_for_a_large_page():
    grey, page = drawn_page(1, 6)
    large = cv2.resize(grey, None, fx=4, fy=4)
    network = OracleNetwork(page, large, enlarged=4)
    found = find_lines(large, network)
    assert len(found) == 6
    assert max(height * width for height, width in network.sizes) <= 2_300_000


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (64, 64), (900, 20)])
def test_blank_pages_of_any_size_have_no_lines(shape):
    def blind(image):
        height, width = image.shape[2:]
        return np.full((1, 5, height // 2, width // 2), -9, np.float32)

    for grey in (np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)):
        assert find_lines(grey, blind) == ()


def test_other_arrays_are_rejected():
    with pytest.raises(ValueError, match="give uint8"):
        find_lines(np.zeros((4, 4, 3), np.uint8), lambda image: image)
