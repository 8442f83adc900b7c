from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.quality.page import (
    BLURRED,
    LOW_CONTRAST,
    SKEWED,
    TURNED,
    PageQuality,
    measure_page,
    skew_deg,
)
from model.synthetic.pages import HandwritingConfig, draw_page
from model.synthetic.texts import compose_text
from schemas.records import Line

LEVEL = HandwritingConfig(most_slant_degrees=0.0)


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(2)
    return draw_page([compose_text(rng) for _ in range(8)], rng, config=LEVEL)


def line_at(angle_deg: float, length: float = 1000.0, x: float = 0.0) -> Line:
    end = x + length * np.cos(np.radians(angle_deg)), length * np.sin(np.radians(angle_deg))
    return Line("l", 0, baseline=((x, 0.0), end))


def test_a_good_page_has_no_warning(drawn):
    grey, page = drawn
    quality = measure_page(grey, page.lines)
    assert quality.warnings() == ()
    assert quality.contrast > 0.3 and quality.blur < 0.4 and abs(quality.skew_deg) < 1


def test_a_washed_out_page_has_low_contrast(drawn):
    grey, page = drawn
    faint = (220 - (255 - grey.astype(float)) * 0.08).astype(np.uint8)
    assert LOW_CONTRAST in measure_page(faint, page.lines).warnings()


def test_a_blurred_page_is_blurred_at_any_resolution(drawn):
    grey, page = drawn
    soft = cv2.GaussianBlur(grey, (0, 0), LEVEL.line_pitch_px / 16)
    assert BLURRED in measure_page(soft, page.lines).warnings()
    twice = tuple(
        replace(line, baseline=tuple((2 * x, 2 * y) for x, y in line.baseline), polygon=())
        for line in page.lines
    )
    large = cv2.resize(soft, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    assert BLURRED in measure_page(large, twice).warnings()


def test_contrast_does_not_depend_on_exposure(drawn):
    grey, page = drawn
    bright, dim = (measure_page((grey * light).astype(np.uint8), page.lines) for light in (1, 0.5))
    assert dim.contrast == pytest.approx(bright.contrast, abs=0.03)


def test_pictures_and_backdrop_do_not_count(drawn):
    grey, page = drawn
    framed = grey.copy()
    framed[: LEVEL.margin_px // 2] = 0
    assert measure_page(framed, page.lines) == measure_page(grey, page.lines)


def test_a_page_without_lines_is_measured_as_a_whole(drawn):
    quality = measure_page(drawn[0], ())
    assert quality.skew_deg is None and quality.warnings() == ()
    assert measure_page(np.full((900, 600), 230, np.uint8), ()).warnings() == (LOW_CONTRAST,)


def test_a_line_without_geometry_is_the_whole_image(drawn):
    strip = drawn[0][:100]
    quality = measure_page(strip, [Line("line", 0)])
    assert quality.skew_deg is None and quality.warnings() == ()


@pytest.mark.parametrize(
    "lines",
    [
        [line_at(0, x=10**7)],
        [Line("l", 0, baseline=((5, 5), (5, 5)))],
        [Line("l", 0, polygon=((-9, -9), (-5, -9), (-5, -5)))],
        [Line("l", 0, baseline=((1, 2),))],
    ],
)
def test_garbage_geometry_is_handled(lines):
    quality = measure_page(np.full((60, 80), 200, np.uint8), lines)
    assert quality.contrast == 0 and quality.blur == 0


@given(st.floats(-179.9, 179.9), st.lists(st.floats(-3, 3), min_size=3, max_size=9))
def test_skew_is_the_median_slope_however_the_page_is_rotated(angle_deg, deviations):
    found = skew_deg([line_at(angle_deg + deviation) for deviation in (0, *deviations)])
    off = (found - angle_deg + 180) % 360 - 180
    assert min(0, *deviations) - 1e-6 <= off <= max(0, *deviations) + 1e-6
    assert -180 <= found <= 180


def test_an_outlier_does_not_change_the_skew():
    lines = [line_at(1.0), line_at(1.1), line_at(0.9), line_at(80, length=300)]
    assert skew_deg(lines) == pytest.approx(1.05, abs=0.1)


@pytest.mark.parametrize(
    ("angle_deg", "warnings"),
    [(0, ()), (-8, ()), (-14, (SKEWED,)), (90, (TURNED,)), (180, (TURNED,)), (None, ())],
)
def test_warnings_of_angles(angle_deg, warnings):
    assert PageQuality(0.5, angle_deg, 0.2).warnings() == warnings
