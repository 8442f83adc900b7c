"""Training samples from TFRecords."""

from dataclasses import replace

import numpy as np
import pytest

from model.augmentation.config import AugmentConfig
from model.dataset.examples import decode_strip, read_examples
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import PRESETS
from model.text.charset import Charset
from model.training.balance import Draw
from model.training.samples import SampleMaker, make_samples
from tests.drawn import line_example, write_tfrecords

TEXTS = ["acte", "maire de Paris", "le", "an"]
MAKER = SampleMaker(Charset.of_texts(TEXTS), PreprocessConfig(), PRESETS["fast"])
LINES = [line_example(text, i) for i, text in enumerate(TEXTS)]


def _draws(lines, turn=0):
    return [Draw(line, turn) for line in lines]


def test_samples_are_made_from_files(tmp_path):
    write_tfrecords(tmp_path / "a.tfrecord.gz", LINES)
    assert list(read_examples([str(tmp_path / "a.tfrecord.gz")])) == LINES
    samples = list(make_samples(_draws(LINES), MAKER))
    assert [MAKER.charset.decode(s.labels) for s in samples] == TEXTS
    assert all(s.strip.shape[1] % 64 == 0 and s.strip.max() > 0.9 for s in samples)


def test_augmentation_depends_only_on_the_seed_the_turn_and_the_line():
    maker = replace(MAKER, augmentation=AugmentConfig())
    forwards = [s.strip for s in make_samples(_draws(LINES, 1), maker)]
    backwards = [s.strip for s in make_samples(_draws(LINES[::-1], 1), maker)][::-1]
    assert all(map(np.array_equal, forwards, backwards))
    for other in (replace(maker, seed=1).make(LINES[1], 1), maker.make(LINES[1], 2)):
        assert not np.array_equal(other.strip, forwards[1])


def test_worker_processes_give_the_same_samples_in_the_same_order():
    maker = replace(MAKER, augmentation=AugmentConfig())
    lines = [line_example(TEXTS[i % 4], i) for i in range(90)]
    alone = make_samples(_draws(lines), maker)
    together = make_samples(_draws(lines), maker, processes=2)
    for one, other in zip(alone, together, strict=True):
        assert one.text == other.text and np.array_equal(one.strip, other.strip)


def test_a_line_too_narrow_for_its_text_is_not_trained_on():
    narrow = replace(line_example("le"), text="acte" * 40)
    blank = replace(line_example("le"), text="")
    assert [MAKER.make(line, 0) for line in (narrow, blank)] == [None, None]
    assert not MAKER.is_learnable(narrow) and MAKER.is_learnable(line_example("le"))


def test_augmentation_never_makes_a_line_too_narrow_for_its_text():
    squeeze = replace(AugmentConfig.none(), width=replace(AugmentConfig().width, low=-3, high=-3))
    line = replace(line_example("maire de Paris"), text="acte" * 6)
    sample = replace(MAKER, augmentation=squeeze).make(line, 0)
    assert np.array_equal(sample.strip, MAKER.make(line, 0).strip)


def test_an_image_that_does_not_decode_is_reported():
    with pytest.raises(ValueError, match="drawn/page_0.png l0.*ingest again"):
        decode_strip(replace(line_example("acte"), image=b"no png"))
