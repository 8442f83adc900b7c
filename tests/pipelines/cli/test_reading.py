"""The flags that say how lines are read."""

from __future__ import annotations

import argparse

from model.decoding.config import DECODINGS
from model.recogniser.bundle import ONNX_FILES
from model.recogniser.quality import QUALITIES
from pipelines.cli import reading


def test_the_choices_are_those_of_the_model():
    assert tuple(QUALITIES) == reading.QUALITIES
    assert set(reading.PRECISIONS) == set(ONNX_FILES)
    assert set(reading.DECODINGS) == set(DECODINGS)


def test_what_is_not_given_may_be_left_out():
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    reading.add_reading_flags(parser, argparse.SUPPRESS)
    assert vars(parser.parse_args([])) == {}
    assert vars(parser.parse_args(["--quality", "best"])) == {"quality": "best"}
