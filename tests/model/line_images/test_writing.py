"""The size of writing, measured from ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.images.background import even_background
from model.line_images.rectify import rectify_page
from model.line_images.writing import (
    DISTANCES_PX,
    default_writing_network,
    ink_profile,
    measure_reaches,
)
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from schemas.records import Line, Page


@pytest.fixture(scope="module")
def drawn():
    """Draw a page of nine lines."""
    rng = np.random.default_rng(5)
    return draw_page([compose_text(rng, 24) for _ in range(9)], rng)


def baselines(page: Page) -> list[np.ndarray]:
    return [np.array(line.baseline, float) for line in page.lines]


def measured(grey: np.ndarray, paths: list[np.ndarray]) -> np.ndarray:
    return measure_reaches(even_background(grey), paths, default_writing_network())


def test_larger_writing_reaches_as_much_farther(drawn):
    grey, page = drawn
    large = cv2.resize(grey, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
    ratios = measured(large, [2 * path for path in baselines(page)]) / measured(
        grey, baselines(page)
    )
    assert np.median(ratios, axis=0) == pytest.approx([2.0, 2.0], rel=0.12)


def test_a_line_alone_on_its_page_is_as_large_as_among_others(drawn):
    grey, page = drawn
    among = measured(grey, baselines(page))
    pitch_px = np.median(np.diff([path[:, 1].mean() for path in baselines(page)]))
    ratios = []
    for number, path in enumerate(baselines(page)):
        rows = np.arange(len(grey))
        far = np.abs(rows - path[:, 1].mean() + 0.25 * pitch_px) > 0.6 * pitch_px
        alone = np.where(far[:, None], np.uint8(np.median(grey)), grey)
        ratios.append(measured(alone, [path])[0][0] / among[number][0])
    assert np.median(ratios) == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize("step", [2, 3, 5, 8])
@pytest.mark.parametrize("has_polygons", [True, False])
def test_every_few_lines_of_a_page_give_the_strips_of_all(drawn, step, has_polygons):
    grey, page = drawn
    lines = tuple(
        Line(line.line_id, i, baseline=line.baseline, polygon=line.polygon * has_polygons)
        for i, line in enumerate(page.lines)
    )
    whole = rectify_page(grey, Page("a.png", lines, page.width_px, page.height_px), 64)[::step]
    some = rectify_page(grey, Page("a.png", lines[::step], page.width_px, page.height_px), 64)
    for one, other in zip(whole, some):
        assert other.shape[1] == pytest.approx(one.shape[1], rel=0.15)


def test_what_has_no_ink_is_not_measured():
    noise = np.random.default_rng(0).integers(250, 256, (300, 400))
    paper = noise.astype(np.uint8)
    path = np.array([(50.0, 150.0), (350.0, 150.0)])
    off_page = path + np.array([0.0, 5000.0])
    assert np.isnan(measure_reaches(paper, [path, None, off_page], default_writing_network())).all()


def test_a_profile_says_where_the_ink_is():
    page = np.full((600, 800), 255, np.uint8)
    page[290:300] = 55
    above = ink_profile(page, np.array([(100.0, 300.0), (700.0, 300.0)]))[:, 1]
    assert above[DISTANCES_PX < 9].all() and not above[DISTANCES_PX > 12].any()
