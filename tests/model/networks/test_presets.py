"""The presets, and whether a text fits the time steps of an input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.networks.presets import PRESETS, fits_time_steps, preset_named

LABELS = st.lists(st.integers(1, 2), max_size=12)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@given(labels=LABELS, input_width_px=st.integers(0, 200))
def test_a_text_fits_if_its_labels_fit_the_time_steps(preset, labels, input_width_px):
    steps = preset.time_steps(input_width_px)
    assert steps * preset.step_px <= input_width_px < (steps + 1) * preset.step_px
    assert preset.fits(labels, input_width_px) == fits_time_steps(labels, steps)


def test_equal_neighbours_need_a_blank_between_them():
    fast = preset_named("fast")
    assert fast.fits([1, 2, 1], 3 * fast.step_px)
    assert not fast.fits([1, 1, 2], 3 * fast.step_px)
    assert fast.fits([1, 1, 2], 4 * fast.step_px)


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="no preset 'large'; choose one of tiny, fast, accurate"):
        preset_named("large")
