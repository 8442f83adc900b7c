from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.images.background import even_background
from model.line_images.rectify import scale_whole, stretch_contrast
from model.quality.line_image import (
    BLURRED,
    LOW_CONTRAST,
    NO_MARGIN,
    SEVERAL_LINES,
    STRIP_WARNINGS,
    measure_strip,
)
from model.quality.measures import blur_effect, paper_and_ink
from model.synthetic.pages import draw_line
from model.synthetic.texts import compose_text

STRIPS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 80), st.integers(1, 120)))


def written(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return draw_line(compose_text(rng), rng)


def rectified(image: np.ndarray) -> np.ndarray:
    return stretch_contrast(scale_whole(even_background(image), 64))


def stacked(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    width_px = min(upper.shape[1], lower.shape[1])
    return np.vstack([upper[:, :width_px], lower[:, :width_px]])


def washed_out(image: np.ndarray) -> np.ndarray:
    return (230 - (255 - image.astype(float)) * 0.05).astype(np.uint8)


DEGRADED = {
    SEVERAL_LINES: lambda seed: stacked(written(seed), written(seed + 100)),
    LOW_CONTRAST: lambda seed: washed_out(written(seed)),
    NO_MARGIN: lambda seed: written(seed)[36:],
    BLURRED: lambda seed: cv2.GaussianBlur(written(seed), (0, 0), 3),
}


@pytest.mark.parametrize("seed", range(12))
def test_good_lines_have_no_warning(seed):
    assert measure_strip(rectified(written(seed))).warnings() == ()


@pytest.mark.parametrize("warning", STRIP_WARNINGS)
@pytest.mark.parametrize("seed", range(4))
def test_degraded_lines_have_their_warning(warning, seed):
    assert warning in measure_strip(rectified(DEGRADED[warning](seed))).warnings()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_uniform_strip_has_low_contrast(level):
    assert measure_strip(np.full((64, 300), level, np.uint8)).warnings() == (LOW_CONTRAST,)


@given(STRIPS)
def test_measures_are_within_bounds_for_any_strip(strip):
    quality = measure_strip(strip)
    shares = quality.contrast, quality.blur, quality.second_line, quality.edge_ink
    assert all(-1e-6 <= share <= 1 + 1e-6 for share in shares)
    assert set(quality.warnings()) <= set(STRIP_WARNINGS)


@given(STRIPS)
def test_a_mirrored_strip_has_the_same_measures(strip):
    forwards, backwards = measure_strip(strip), measure_strip(np.ascontiguousarray(strip[:, ::-1]))
    assert forwards.contrast == pytest.approx(backwards.contrast)
    assert forwards.second_line == pytest.approx(backwards.second_line, abs=1e-5)
    assert forwards.edge_ink == pytest.approx(backwards.edge_ink, abs=1e-5)


@given(STRIPS)
def test_ink_is_darker_than_paper_and_both_levels_are_within_the_image_range(strip):
    paper, ink = paper_and_ink(strip)
    assert strip.min() <= ink <= paper <= strip.max()


def test_levels_are_those_of_the_best_threshold():
    rng = np.random.default_rng(3)
    grey = rng.integers(0, 256, (40, 40), dtype=np.uint8)

    def spread(level):
        return sum(part.size * part.var() for part in (grey[grey <= level], grey[grey > level]))

    best = min(range(int(grey.min()), int(grey.max())), key=spread)
    expected = grey[grey > best].mean(), grey[grey <= best].mean()
    assert paper_and_ink(grey) == pytest.approx(expected)


def test_blur_effect_increases_with_blur_independently_of_contrast():
    strip = rectified(written(5))
    effects = [
        blur_effect(cv2.GaussianBlur(strip, (0, 0), sigma)) for sigma in (0.5, 1, 1.5, 2, 3, 4)
    ]
    assert effects == sorted(effects)
    faint = 255 - (255 - strip) // 3
    assert blur_effect(faint) == pytest.approx(blur_effect(strip), abs=0.02)
