"""Photometric augmentation, step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.augmentation.ink import (
    add_ghosts,
    add_grain,
    add_stains,
    blur,
    change_gain,
    change_gamma,
    change_weight,
    cut_out,
    lower_resolution,
)
from model.augmentation.sheet import drawn_strip
from model.line_images.preprocess import PreprocessConfig

LINE = drawn_strip("Anna Keller, weaver", 1, PreprocessConfig())
GREY = np.full((48, 400), 0.5, np.float32)
SEEDS = st.integers(0, 2**32 - 1)
RNG = np.random.default_rng(0)
STEPS = {
    add_ghosts: (0.0, 2.0),
    add_grain: (0.0, 0.5),
    add_stains: (0.0, 1.0),
    blur: (0.01, 3.0),
    change_gain: (-1.0, 1.0),
    change_gamma: (-2.0, 2.0),
    change_weight: (-2.0, 2.0),
    cut_out: (0.1, 20.0),
    lower_resolution: (0.0, 3.0),
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@given(st.data(), SEEDS, st.integers(1, 200))
def test_every_strength_gives_a_new_strip_of_the_same_shape_and_range(step, data, seed, width_px):
    rng = np.random.default_rng(seed)
    strip = rng.random((48, width_px), dtype=np.float32)
    before = strip.copy()
    changed = step(strip, data.draw(st.floats(*STEPS[step])), rng)
    assert changed.shape == strip.shape and changed.dtype == np.float32
    assert np.isfinite(changed).all() and changed.min() >= 0 and changed.max() <= 1
    np.testing.assert_array_equal(strip, before)


def test_weight_thins_and_thickens():
    thin, thick = (change_weight(LINE, weight, RNG) for weight in (-1.0, 1.0))
    assert (thin <= LINE + 1e-6).all() and (thick >= LINE - 1e-6).all()
    assert 0.3 * LINE.sum() < thin.sum() < 0.9 * LINE.sum()
    assert thick.sum() > 1.1 * LINE.sum()


def test_blur_spreads_ink_and_keeps_its_amount():
    blurred = blur(LINE, 1.0, RNG)
    assert blurred.sum() == pytest.approx(LINE.sum(), rel=0.01)
    assert blurred.std() < 0.95 * LINE.std()


def test_low_resolution_loses_detail():
    low = lower_resolution(LINE, 0.7, RNG)
    assert low.sum() == pytest.approx(LINE.sum(), rel=0.02)
    assert np.abs(np.diff(low)).sum() < 0.9 * np.abs(np.diff(LINE)).sum()


def test_gamma_keeps_paper_and_full_ink():
    strip = np.array([[0.0, 0.25, 1.0]], np.float32)
    np.testing.assert_allclose(change_gamma(strip, np.log(2), RNG), [[0, 0.0625, 1]], atol=1 / 255)


def test_gain_is_clipped_at_full_ink():
    strip = np.array([[0.0, 0.5, 1.0]], np.float32)
    np.testing.assert_allclose(change_gain(strip, 0.1, RNG), [[0, 0.55, 1]])
    np.testing.assert_allclose(change_gain(strip, -0.3, RNG), [[0, 0.35, 0.7]])


def test_grain_has_the_given_standard_deviation():
    noise = add_grain(GREY, 0.08, RNG) - GREY
    assert noise.mean() == pytest.approx(0, abs=0.002)
    assert noise.std() == pytest.approx(0.08, rel=0.03)


def test_stains_are_smooth_and_only_darken():
    stains = add_stains(GREY, 0.2, RNG) - GREY
    assert 0 <= stains.min() < stains.max() <= 0.2
    assert np.abs(np.diff(stains)).max() < 0.01


def test_ghosts_stay_near_the_edges():
    ghosted = add_ghosts(np.ones((48, 60), np.float32) * np.float32(0.5), 0.5, RNG)
    np.testing.assert_array_equal(ghosted, 0.5)
    changed = (add_ghosts(LINE, 0.6, RNG) != LINE).any(axis=1)
    assert changed.any() and not changed[20:28].any()


@given(SEEDS)
def test_cutouts_are_few_and_narrow(seed):
    cut = cut_out(GREY, 3.5, np.random.default_rng(seed)) != GREY
    assert cut.any()
    assert cut.mean() < 0.15
    spans = np.flatnonzero(np.diff(np.r_[0, cut.all(axis=0), 0]))
    assert (np.diff(spans)[::2] <= 14).all()
