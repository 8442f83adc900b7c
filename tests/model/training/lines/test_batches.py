from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.augmentation.page import PageAugmentConfig
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from model.training.lines.batches import CropMaker, prepare_page
from schemas.records import Page

UPRIGHT = PageAugmentConfig(pitch_px=(24.0, 24.0), rotation=0.0, perspective=0.0, turned=0.0)


def training_page(seed=0, complete=True):
    rng = np.random.default_rng(seed)
    grey, page = draw_page([compose_text(rng, 24) for _ in range(8)], rng)
    return prepare_page(page, grey, complete)


def test_a_page_is_scaled_with_its_lines():
    page = training_page()
    assert page.pitch_px == pytest.approx(36, rel=0.05)
    assert page.ink.dtype == np.uint8
    # There is ink over each baseline and hardly any between the descenders below it.
    for line in page.lines:
        x, y = line.path[len(line.path) // 4 : -len(line.path) // 4].astype(int).T
        above = [page.ink[row - 7 : row, column].max() for row, column in zip(y, x)]
        assert np.mean(above) > 60


def test_a_page_without_lines_is_not_trained_on():
    assert prepare_page(Page("a.png"), np.full((50, 40), 255, np.uint8), True) is None
    with pytest.raises(ValueError, match="no page has lines"):
        CropMaker([], 64, UPRIGHT, 0)


def test_short_lines_are_marked():
    page = training_page()
    first, second, *_ = page.lines
    short = replace(second, path=second.path[:1] + np.array([[0.0, 0.0], [2 * page.pitch_px, 0.0]]))
    page = replace(page, lines=(first, short))
    assert page.short.tolist() == [False, True] and not page.meeting.any()


def test_lines_that_meet_are_marked():
    page = training_page()
    first, *_, last = page.lines
    beside = replace(first, path=first.path[-1] + np.array([[page.pitch_px, 0.0], [300.0, 0.0]]))
    assert replace(page, lines=(first, last, beside)).meeting.tolist() == [True, False, True]


def test_the_same_number_gives_the_same_batch():
    pages = [training_page(0), training_page(1, complete=False)]
    maker, again = (CropMaker(pages, 64, PageAugmentConfig(), 7) for _ in range(2))
    images, maps = maker.batch(3, 4)
    assert images.shape == (4, 64, 64, 1)
    assert maps.shape == (4, 32, 32, 6)
    assert np.array_equal(images, again.batch(3, 4)[0])
    assert np.array_equal(maps, again.batch(3, 4)[1])
    assert not np.array_equal(images, maker.batch(4, 4)[0])


def test_the_maps_lie_on_the_writing():
    """Just above baselines there is more ink than in the whole crop."""
    images, maps = CropMaker([training_page()], 128, UPRIGHT, 1).batch(0, 8)
    ink = images[:, ::2, ::2, 0]
    letters = np.roll(maps[..., 0] > 0.5, -2, axis=1)
    assert ink[letters].mean() > 2 * ink.mean()


def test_turned_crops_have_no_lines():
    config = PageAugmentConfig(pitch_px=(24.0, 24.0), turned=1.0)
    _, maps = CropMaker([training_page()], 64, config, 0).batch(0, 8)
    assert not maps[..., :5].any()
    assert maps[..., 5].all()
