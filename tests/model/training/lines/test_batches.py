from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.augmentation.page import PageAugmentConfig
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from model.training.lines.batches import CropMaker, prepare_page
from schemas.records import Page

UPRIGHT = PageAugmentConfig(
    height_px=(24.0, 24.0), rotation=0.0, perspective=0.0, turned=0.0, composed=0.0
)


def training_page(seed=0, complete=True):
    rng = np.random.default_rng(seed)
    grey, page = draw_page([compose_text(rng, 24) for _ in range(8)], rng)
    return prepare_page(page, grey, complete)


def test_the_lines_lie_on_the_writing_of_every_level():
    page = training_page()
    assert len(page.levels) == 3
    for level in page.levels[:2]:
        assert level.ink.dtype == np.uint8
        # There is ink over each baseline.
        for line in page.lines:
            path = (line.path + 0.5) / level.scale - 0.5
            x, y = path[len(path) // 4 : -len(path) // 4].astype(int).T
            up_px = max(2, int(line.above_px / 2 / level.scale[1]))
            above = [level.ink[row - up_px : row, column].max() for row, column in zip(y, x)]
            assert np.mean(above) > 60


def test_the_nearest_level_is_that_of_the_most_similar_size():
    page = training_page()
    for level in page.levels:
        assert page.nearest_level(1.2 / level.scale[1]) is level


def test_a_page_without_lines_is_not_trained_on():
    assert prepare_page(Page("a.png"), np.full((50, 40), 255, np.uint8), True) is None
    with pytest.raises(ValueError, match="no page has lines"):
        CropMaker([], 64, UPRIGHT, 0)


def test_short_lines_and_those_of_another_size_are_rare():
    page = training_page()
    first, second, third, *_ = page.lines
    short = replace(
        second, path=second.path[:1] + np.array([[0.0, 0.0], [2 * second.height_px, 0.0]])
    )
    large = replace(third, above_px=3 * third.above_px)
    page = replace(page, lines=(first, first, short, large))
    assert page.rare.tolist() == [False, False, True, True]
    assert not replace(page, lines=(first, third)).meeting.any()


def test_lines_that_meet_are_marked():
    page = training_page()
    first, *_, last = page.lines
    beside = replace(first, path=first.path[-1] + np.array([[first.height_px, 0.0], [300.0, 0.0]]))
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
    config = PageAugmentConfig(height_px=(24.0, 24.0), turned=1.0, composed=0.0)
    _, maps = CropMaker([training_page()], 64, config, 0).batch(0, 8)
    assert not maps[..., :5].any()
    assert maps[..., 5].all()


def test_composed_crops_have_the_maps_of_both():
    pages = [training_page(0), training_page(1)]
    alone, beside = (
        CropMaker(pages, 64, replace(UPRIGHT, share=0.0, composed=share), 3).batch(0, 8)
        for share in (0.0, 1.0)
    )
    changed = (alone[0] != beside[0]).any(axis=(1, 2, 3))
    assert changed.sum() >= 4
    for maps in beside[1][changed]:
        assert (maps[..., 5] == 0).any() and (maps[..., 5] == 1).mean() > 0.7
