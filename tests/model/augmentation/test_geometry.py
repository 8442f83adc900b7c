"""Geometric augmentation, in one resampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.augmentation.config import AugmentConfig, Uniform
from model.augmentation.geometry import Warp, draw_warp, warp_strip

HEIGHT_PX, WIDTH_PX = 48, 200
IDENTITY = {
    "width_px": WIDTH_PX,
    "stretch": (1.0, 1.0),
    "slant": 0.0,
    "rise_px": 0.0,
    "before_px": 0.0,
    "rows_px": (0.0, float(HEIGHT_PX)),
    "offsets_px": None,
}


def _blob(row, column, size=2):
    strip = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    strip[row - size : row + size + 1, column - size : column + size + 1] = 1
    return strip


def _centre(strip):
    rows, columns = np.indices(strip.shape)
    return (rows * strip).sum() / strip.sum(), (columns * strip).sum() / strip.sum()


def _moved(row, column, **changes):
    return _centre(warp_strip(_blob(row, column), Warp(**{**IDENTITY, **changes})))


def test_an_identity_is_not_resampled():
    strip = _blob(20, 60)
    assert warp_strip(strip, Warp(**IDENTITY)) is strip


def test_paper_before_the_writing_shifts_it():
    assert _moved(20, 60, before_px=7.0, width_px=WIDTH_PX + 7) == pytest.approx((20, 67), abs=0.1)


def test_a_wider_strip_is_stretched():
    _, column = _moved(20, 60, stretch=(1.5, 1.0), width_px=300)
    assert column == pytest.approx(60.5 * 1.5 - 0.5, abs=0.1)


def test_higher_letters_extend_from_the_middle():
    row, _ = _moved(12, 60, stretch=(1.0, 1.1))
    assert row == pytest.approx(23.5 - 11.5 * 1.1, abs=0.1)


def test_a_forward_slant_moves_upper_pixels_to_the_right():
    assert _moved(8, 60, slant=0.5)[1] == pytest.approx(60 + 0.5 * 15.5, abs=0.2)
    assert _moved(39, 60, slant=0.5)[1] == pytest.approx(60 - 0.5 * 15.5, abs=0.2)


def test_a_rise_moves_the_ends_in_opposite_directions():
    start, end = _moved(24, 4, rise_px=4.0)[0], _moved(24, WIDTH_PX - 5, rise_px=4.0)[0]
    assert start - end == pytest.approx(2 * 4 * (1 - 9 / 199), abs=0.2)


@given(st.floats(-4, 4), st.floats(-4, 4), st.integers(10, 38))
def test_the_frame_has_the_given_rows(top, bottom, row):
    found, _ = _moved(row, 60, rows_px=(top, HEIGHT_PX + bottom))
    expected = (row + 0.5 - top) * HEIGHT_PX / (HEIGHT_PX + bottom - top) - 0.5
    assert found == pytest.approx(expected, abs=0.2)


def test_a_constant_grid_shifts_everything():
    offsets = np.broadcast_to(np.array([3.0, -2.0], np.float32), (4, 9, 2)).copy()
    assert _moved(20, 60, offsets_px=offsets) == pytest.approx((22, 57), abs=0.1)


def test_the_rotation_of_a_long_line_is_bounded():
    config = AugmentConfig(rotation=Uniform(1.0, 0.05, 0.05)).only("rotation")
    assert draw_warp((48, 3000), config, np.random.default_rng(0)).rise_px == 4.0
    assert draw_warp((96, 3000), config, np.random.default_rng(0)).rise_px == 8.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 900))
def test_pixels_scale_with_the_height_of_the_strip(seed, width_px):
    config = AugmentConfig().without("slant")
    low = draw_warp((48, width_px), config, np.random.default_rng(seed))
    high = draw_warp((96, 2 * width_px), config, np.random.default_rng(seed))
    assert high.rows_px == pytest.approx([2 * row for row in low.rows_px])
    assert high.before_px == pytest.approx(2 * low.before_px)
    assert abs(high.width_px - 2 * low.width_px) <= 2


def test_slanted_letters_are_not_cut_off():
    strip = np.ones((48, 100), np.float32)
    config = AugmentConfig(slant=Uniform(1.0, 0.4, 0.4)).only("slant")
    slanted = warp_strip(strip, draw_warp(strip.shape, config, np.random.default_rng(0)))
    assert slanted.sum() == pytest.approx(strip.sum(), rel=0.01)
