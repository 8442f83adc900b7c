"""Augmentation as a whole: its invariants, and what it depends on."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.augmentation.config import AugmentConfig, Normal, Uniform
from model.augmentation.line import augment
from model.augmentation.sheet import drawn_strip
from model.line_images.preprocess import PreprocessConfig

SEEDS = st.integers(0, 2**32 - 1)
HEIGHTS = st.sampled_from([8, 48, 64, 96])
STEPS = AugmentConfig.steps()
LINE = drawn_strip("Anna Keller, weaver", 1, PreprocessConfig())


def _rng(seed):
    return np.random.default_rng(seed)


def _always(config):
    return replace(config, **{name: replace(getattr(config, name), share=1.0) for name in STEPS})


@settings(max_examples=60)
@given(SEEDS, HEIGHTS, st.one_of(st.integers(1, 8), st.integers(1, 500)), st.booleans())
def test_shape_and_range_are_valid(seed, height_px, width_px, blank):
    rng = _rng(seed)
    shape = height_px, width_px
    strip = np.zeros(shape, np.float32) if blank else rng.random(shape, dtype=np.float32)
    before = strip.copy()
    for config in (AugmentConfig(), _always(AugmentConfig()), _always(AugmentConfig()).scaled(3)):
        changed = augment(strip, config, rng)
        assert changed.dtype == np.float32 and changed.shape[0] == height_px
        assert np.isfinite(changed).all() and changed.min() >= 0 and changed.max() <= 1
        np.testing.assert_array_equal(strip, before)


@given(SEEDS, st.integers(1, 700))
def test_the_width_changes_within_its_range(seed, width_px):
    strip = np.zeros((48, width_px), np.float32)
    changed = augment(strip, AugmentConfig().only("width"), _rng(seed)).shape[1]
    assert width_px * np.exp(-0.15) - 1 <= changed <= width_px * np.exp(0.15) + 1


@settings(max_examples=30)
@given(SEEDS)
def test_the_result_depends_on_the_seed_alone(seed):
    config = _always(AugmentConfig())
    first, same = (augment(LINE, config, _rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first, same)
    other = augment(LINE, config, _rng(seed + 1))
    assert first.shape != other.shape or (first != other).any()


def test_the_result_does_not_depend_on_the_number_of_threads():
    before = cv2.getNumThreads()
    config = _always(AugmentConfig())
    wide = np.tile(LINE, 6)
    try:
        results = []
        for threads in (1, 2, 4):
            cv2.setNumThreads(threads)
            results.append([augment(wide, config, _rng(seed)) for seed in range(5)])
    finally:
        cv2.setNumThreads(before)
    for one, two, four in zip(*results):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, four)


@given(SEEDS)
def test_without_steps_it_is_the_identity(seed):
    for config in (AugmentConfig.none(), AugmentConfig().scaled(0.0)):
        np.testing.assert_array_equal(augment(LINE, config, _rng(seed)), LINE)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_alone_changes_a_line(step):
    config = _always(AugmentConfig()).only(step)
    changed = [augment(LINE, config, _rng(seed)) for seed in range(8)]
    moved = [c.shape != LINE.shape or not np.array_equal(c, LINE) for c in changed]
    assert sum(moved) >= 7


@pytest.mark.parametrize("step", STEPS)
def test_a_weaker_step_changes_a_line_less(step):
    def distance(config):
        # The same seeds draw the same steps, only weaker.
        changed = [augment(LINE, config, _rng(seed)) for seed in range(12)]
        width_px = min(c.shape[1] for c in [*changed, LINE])
        return np.mean([np.abs(c[:, :width_px] - LINE[:, :width_px]).mean() for c in changed])

    config = _always(AugmentConfig()).only(step)
    assert distance(config.scaled(0.3)) < distance(config)


def test_a_line_keeps_most_of_its_ink():
    inks = [augment(LINE, AugmentConfig(), _rng(seed)).sum() for seed in range(80)]
    assert 0.3 * LINE.sum() < min(inks)
    assert np.median(inks) == pytest.approx(LINE.sum(), rel=0.5)


def test_steps_are_applied_to_their_share_of_the_lines():
    changed = [
        augment(LINE, AugmentConfig().only("elastic"), _rng(seed)) is not LINE
        for seed in range(400)
    ]
    assert 0.6 < np.mean(changed) < 0.8


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((48, 9), np.uint8), r"uint8 \[48, 9\] is not a strip"),
        (np.zeros((48, 9, 1), np.float32), r"float32 \[48, 9, 1\] is not a strip"),
        (np.zeros((48, 0), np.float32), r"float32 \[48, 0\] is not a strip"),
    ],
)
def test_other_arrays_are_rejected(array, message):
    with pytest.raises(ValueError, match=message):
        augment(array, AugmentConfig(), _rng(0))


@given(SEEDS, st.floats(-5, 5), st.floats(0, 3))
def test_strengths_stay_in_their_range(seed, low, wide):
    rng = _rng(seed)
    assert low <= Uniform(1.0, low, low + wide).draw(rng) <= low + wide
    assert abs(Normal(1.0, wide).draw(rng)) <= 3 * wide
    assert Uniform(0.0, low, low + wide).draw(rng) == Normal(0.0, wide).draw(rng) == 0


def test_steps_can_be_chosen():
    config = AugmentConfig()
    assert config.only(*STEPS) == config.without() == config.scaled(1.0) == config
    assert config.only("slant") == config.without(*(s for s in STEPS if s != "slant"))
    assert AugmentConfig.none() == config.only()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Uniform(1.2, 0, 1),
            "share 1.2 of the lines is out of range; give 0 to 1",
        ),
        (lambda: Uniform(1.0, 1, 0), "1..0 is not a range; give the lower end first"),
        (lambda: Uniform(1.0, 0, np.nan), "not a range"),
        (lambda: Normal(1.0, -1.0), "spread -1.0 is out of range; give 0 or more"),
        (
            lambda: AugmentConfig().scaled(-1),
            "strength -1 is out of range; give 0 or more",
        ),
        (lambda: AugmentConfig().only("shear"), r"'shear'.*no such step; choose from width,"),
        (lambda: AugmentConfig(blur=Uniform(1.0, -1, 1)), "blur: .* may fall below 0"),
        (lambda: AugmentConfig(cutout=Normal(1.0, 1)), "cutout: .* may fall below 0"),
    ],
)
def test_invalid_configurations_are_rejected(make, message):
    with pytest.raises(ValueError, match=message):
        make()
