"""How many levels samples of more than 8 bits have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.images.depth import to_bytes, white_level

RAMP = np.arange(256)


@pytest.mark.parametrize(
    ("samples", "stated", "white"),
    [
        (RAMP.astype(np.uint16), 0, 255),  # 8 bits in 16
        ((RAMP * 4).astype(np.uint16), 0, 1023),  # 10 bits, shifted up from 8
        (np.uint16([40, 920]), 0, 1023),  # a drawing of two levels
        ((RAMP * 16).astype(np.uint16), 0, 4095),
        ((RAMP * 64).astype(np.uint16), 0, 65535),  # 14 bits, or a dark page: not to be told
        ((RAMP * 64).astype(np.uint16), 16383, 16383),  # the file tells
        ((RAMP * 257).astype(np.uint16), 0, 65535),
        ((RAMP[:16] * 257).astype(np.uint16), 0, 65535),  # dark, once of 8 bits
        ((RAMP[:4] * 256).astype(np.uint16), 0, 65535),
        ((RAMP * 2).astype(np.uint16), 65535, 65535),  # dark, and the file tells
        ((RAMP * 2).astype(np.uint16), 510, 1023),  # states its own greatest sample, no depth
        ((RAMP * 128).astype(np.int16), 0, 32767),
        ((RAMP * 257).astype(np.int32), 0, 65535),
        ((RAMP << 24).astype(np.uint32), 0, 4294967295),
        (np.float32([0, 0.9]), 0, 1),
        (np.float32([-0.1, 1.04]), 0, 1),  # resampling overshoots
        (np.float32([0, 240]), 0, 255),
        (np.float32([0, 60000]), 0, 65535),
        (np.float64([0, 80]), 100, 100),
        (np.float32([0, 0.8, np.inf, np.nan]), 0, 1),
        (np.zeros(9, np.uint16), 0, 255),
    ],
)
def test_the_white_level_follows_from_the_file_or_its_samples(samples, stated, white):
    assert white_level(samples, stated) == white


@given(st.sampled_from([1023, 4095, 65535]), st.lists(st.integers(0, 255), min_size=2))
def test_a_page_that_reaches_white_is_as_in_8_bits(white, levels):
    levels = np.array([*levels, 255])
    samples = np.round(levels * (white / 255)).astype(np.uint16)
    found = to_bytes(samples, white_level(samples))
    assert np.abs(found.astype(int) - levels).max() <= 1


@given(st.integers(2, 15))
def test_a_dark_page_stays_dark(brightest):
    levels = np.arange(brightest + 1)
    samples = (levels * 257).astype(np.uint16)
    assert to_bytes(samples, white_level(samples)).tolist() == levels.tolist()
