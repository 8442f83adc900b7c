from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.augmentation.page import (
    PageAugmentConfig,
    change_ink,
    draw_height_px,
    draw_homography,
)

UNCHANGED = PageAugmentConfig(
    height_px=(24.0, 24.0), rotation=0.0, stretch=0.0, perspective=0.0, turned=0.0, share=0.0
)


def moved(point, matrix):
    return cv2.perspectiveTransform(np.array([[point]], float), matrix)[0, 0]


def test_without_augmentation_a_crop_is_only_scaled_about_its_middle():
    rng = np.random.default_rng(0)
    matrix = draw_homography(np.array([200.0, 100.0]), 0.5, 65, 0, UNCHANGED, rng)
    assert moved((200, 100), matrix) == pytest.approx([32, 32])
    assert moved((220, 110), matrix) == pytest.approx([42, 37])


@pytest.mark.parametrize(("turns", "expected"), [(1, (32, 42)), (2, (22, 32)), (3, (32, 22))])
def test_crops_are_rotated_by_quarter_turns(turns, expected):
    rng = np.random.default_rng(0)
    matrix = draw_homography(np.array([200.0, 100.0]), 1.0, 65, turns, UNCHANGED, rng)
    assert moved((210, 100), matrix) == pytest.approx(expected)


def test_heights_are_drawn_within_their_limits():
    rng = np.random.default_rng(0)
    drawn = [draw_height_px(PageAugmentConfig(height_px=(10, 40)), rng) for _ in range(400)]
    assert 10 <= min(drawn) < 12
    assert 36 < max(drawn) <= 40
    assert np.median(drawn) == pytest.approx(20, rel=0.15)


def test_changed_ink_has_a_valid_shape_and_range():
    rng = np.random.default_rng(0)
    ink, back = rng.random((2, 64, 64), dtype=np.float32)
    config = PageAugmentConfig(share=1.0)
    for _ in range(20):
        changed = change_ink(ink, back, config, rng)
        assert changed.shape == ink.shape
        assert changed.dtype == np.float32
        assert 0 <= changed.min() <= changed.max() <= 1
        assert not np.array_equal(changed, ink)
    assert np.array_equal(change_ink(ink, back, UNCHANGED, rng), ink)


def test_bleed_through_is_mirrored():
    back = np.zeros((64, 64), np.float32)
    back[:, :20] = 1
    config = PageAugmentConfig(
        share=1.0,
        gamma=0.0,
        gain=0.0,
        shading=0.0,
        ruled=0.0,
        blur_px=0.3,
        noise=0.0,
        bleed_through=0.5,
    )
    changed = change_ink(np.zeros_like(back), back, config, np.random.default_rng(3))
    assert changed[:, :40].max() < 0.05 < changed[:, 50:].min() <= 0.5


def test_rules_are_drawn_straight_across_a_crop():
    config = PageAugmentConfig(
        share=1.0, gamma=0.0, gain=0.0, shading=0.0, blur_px=0.3, noise=0.0, bleed_through=0.0
    )
    paper = np.zeros((96, 96), np.float32)
    crops = [change_ink(paper, paper, config, np.random.default_rng(seed)) for seed in range(12)]
    ruled = [crop for crop in crops if crop.max() > 0.05]
    assert len(ruled) >= 4
    # A rule fills a row or a column.
    assert all(max(c.mean(axis=0).max(), c.mean(axis=1).max()) > 0.5 * c.max() for c in ruled)
