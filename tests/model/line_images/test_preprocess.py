"""From strips to network input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.line_images.preprocess import PreprocessConfig, prepare_strip

CONFIG = PreprocessConfig()


@given(st.integers(1, 900))
def test_every_line_is_padded_to_the_next_multiple(width_px):
    strip = np.zeros((64, width_px), np.uint8)
    prepared = prepare_strip(strip, CONFIG)
    scaled = max(1, round(width_px * 48 / 64))
    assert prepared.shape == (48, -(-scaled // 64) * 64, 1)
    assert np.allclose(prepared[:, :scaled], 1) and not prepared[:, scaled:].any()


def test_paper_is_zero_and_ink_is_one():
    strip = np.full((64, 64), 255, np.uint8)
    strip[:, 32:] = 0
    prepared = prepare_strip(strip, PreprocessConfig(64, 64))
    assert prepared[0, 0, 0] == 0 and prepared[0, -1, 0] == 1


def test_a_network_higher_than_its_strips_is_rejected():
    with pytest.raises(ValueError, match="--line_height_px 64"):
        PreprocessConfig(strip_height_px=48, input_height_px=64)


def test_a_strip_of_another_height_is_rejected():
    with pytest.raises(ValueError, match="48 px high; want 64"):
        prepare_strip(np.zeros((48, 10), np.uint8), CONFIG)


def test_json_is_reversible():
    assert PreprocessConfig.from_json(CONFIG.to_json()) == CONFIG
