"""The learning-rate schedule."""

from hypothesis import given
from hypothesis import strategies as st

from model.training.optimisation.schedule import learning_rate_at


@given(st.floats(-1, 2), st.floats(1e-5, 1))
def test_the_learning_rate_is_between_zero_and_its_peak(progress, peak):
    assert 0 <= learning_rate_at(progress, peak) <= peak


@given(st.floats(0.04, 1), st.floats(0.04, 1))
def test_the_learning_rate_never_rises_after_the_warm_up(one, other):
    early, late = sorted((one, other))
    assert learning_rate_at(early, 1.0) >= learning_rate_at(late, 1.0)
