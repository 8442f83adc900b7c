"""Training batches."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.training.batches import (
    BatchConfig,
    batch_lines,
    make_batches,
    shuffle_lines,
    stack_samples,
)
from model.training.samples import Sample


def _sample(width: int, number: int) -> Sample:
    return Sample(np.full((32, 64 * width, 1), 0.5, np.float32), [1], str(number))


SAMPLES = st.lists(st.builds(_sample, st.integers(1, 5), st.integers()), max_size=40)
CONFIGS = st.builds(BatchConfig, st.integers(64, 1000), st.integers(1, 50), st.integers(0, 3))


@given(SAMPLES, CONFIGS, st.booleans())
def test_every_sample_is_in_exactly_one_batch(samples, config, mix_widths):
    batches = list(make_batches(samples, config, mix_widths))
    assert Counter(t for b in batches for t in b.texts) == Counter(s.text for s in samples)


@given(SAMPLES, CONFIGS)
def test_without_mixed_widths_every_line_keeps_its_width(samples, config):
    for batch in make_batches(samples, config, mix_widths=False):
        assert (batch.strips == 0.5).all()


@given(SAMPLES, CONFIGS)
def test_at_most_one_batch_has_an_unusual_shape(samples, config):
    sizes = [(b.strips.shape[2], len(b.texts)) for b in make_batches(samples, config)]
    odd = [1 for width_px, lines in sizes if lines != batch_lines(width_px, config)]
    assert len(odd) <= 1


@given(st.lists(st.integers(), max_size=60), CONFIGS, st.integers(0, 3))
def test_shuffling_keeps_every_line_and_is_reproducible(lines, config, epoch):
    first, second = (list(shuffle_lines(lines, config, epoch)) for _ in range(2))
    assert first == second and Counter(first) == Counter(lines)


def test_each_epoch_has_another_order():
    config = BatchConfig(shuffle_lines=50)
    orders = [tuple(shuffle_lines(range(100), config, epoch)) for epoch in range(3)]
    assert len({*orders, tuple(range(100))}) == 4


def test_labels_and_strips_are_padded_with_zeros():
    one = Sample(np.ones((32, 64, 1), np.float32), [3, 1], "ca")
    two = Sample(np.ones((32, 128, 1), np.float32), [2] * 40, "b" * 40)
    batch = stack_samples([one, two])
    assert batch.labels.shape == (2, 64) and batch.labels[0].sum() == 4
    assert batch.strips.shape == (2, 32, 128, 1) and not batch.strips[0, :, 64:].any()
