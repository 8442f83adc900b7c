"""From TFRecords to batches."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.batches import (
    BatchConfig,
    Sample,
    make_batches,
    read_examples,
    to_sample,
    trainable,
)
from model.charset import Charset
from model.preprocess import PreprocessConfig
from model.presets import PRESETS
from tests.drawn import line_example, write_tfrecords

SAMPLES = st.lists(
    st.builds(
        lambda width, number: Sample(np.zeros((32, 64 * width, 1), np.float32), [1], str(number)),
        st.integers(1, 5),
        st.integers(),
    ),
    max_size=40,
)
CONFIGS = st.builds(BatchConfig, st.integers(64, 1000), st.integers(1, 50), st.integers(0, 3))


@given(SAMPLES, CONFIGS, st.none() | st.integers(0, 3))
def test_every_sample_is_in_one_batch_of_its_own_width(samples, config, epoch):
    batches = list(make_batches(samples, config, epoch))
    assert Counter(t for b in batches for t in b.texts) == Counter(s.text for s in samples)
    width_of = {s.text: s.strip.shape[1] for s in samples}
    if len(width_of) == len(samples):
        for batch in batches:
            assert {width_of[text] for text in batch.texts} == {batch.strips.shape[2]}


@given(SAMPLES, CONFIGS)
def test_batches_keep_to_their_width(samples, config):
    for batch in make_batches(samples, config):
        count, _, width, _ = batch.strips.shape
        assert count == 1 or (count - 1) * width < config.width_px


@given(SAMPLES, CONFIGS, st.integers(0, 3))
def test_an_epoch_has_one_order(samples, config, epoch):
    first, second = ([b.texts for b in make_batches(samples, config, epoch)] for _ in range(2))
    assert first == second


def test_lines_come_from_files_to_samples(tmp_path):
    examples = [line_example(text, i) for i, text in enumerate(["acte", "maire de Paris"])]
    write_tfrecords(tmp_path / "a.tfrecord.gz", examples)
    read = list(read_examples([str(tmp_path / "a.tfrecord.gz")]))
    assert read == examples
    charset, config = Charset.of_texts(e.text for e in read), PreprocessConfig()
    samples = [to_sample(example, config, charset) for example in read]
    assert [charset.decode(s.labels) for s in samples] == ["acte", "maire de Paris"]
    assert all(s.strip.shape[1] % 64 == 0 and s.strip.max() > 0.9 for s in samples)
    (batch,) = make_batches(samples[:1], BatchConfig())
    assert batch.labels[0, :4].tolist() == samples[0].labels and not batch.labels[0, 4:].any()


def test_an_image_that_does_not_decode_is_named():
    broken = line_example("acte")
    broken = type(broken)(**{**vars(broken), "image": b"no png"})
    with pytest.raises(ValueError, match="drawn/page_0.png l0"):
        to_sample(broken, PreprocessConfig())


def test_a_line_too_narrow_for_its_text_is_not_trained_on():
    strip = np.zeros((32, 64, 1), np.float32)
    tiny = PRESETS["tiny"]
    steps = 64 // tiny.step_px
    assert trainable(Sample(strip, list(range(1, steps + 1)), ""), tiny)
    assert not trainable(Sample(strip, [1] * steps, ""), tiny)
    assert not trainable(Sample(strip, [], ""), tiny)
