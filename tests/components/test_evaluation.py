"""What the Evaluator measures, and how its results are told."""

import math

import pytest
import tensorflow_model_analysis as tfma

from components.evaluation import SliceResult, evaluation_config
from model.metrics import ErrorCount

pytestmark = pytest.mark.train


def test_the_cer_alone_decides_and_on_all_lines():
    config = evaluation_config(max_cer=0.25)
    thresholds = tfma.metrics.metric_thresholds_from_metrics_specs(config.metrics_specs, config)
    ((key, ((slice_spec, threshold),)),) = thresholds.items()
    assert key.name == "cer"
    assert slice_spec is None
    assert threshold.upper_bound.value == 0.25
    assert not threshold.HasField("lower_bound")


def test_documents_and_sources_are_measured_apart():
    slices = [tuple(spec.feature_keys) for spec in evaluation_config(1.0).slicing_specs]
    assert slices == [(), ("document",), ("source",)]


def test_a_result_is_told_with_its_counts():
    result = SliceResult(3, ErrorCount(1, 8), ErrorCount(1, 2))
    assert result.to_dict() == {
        "lines": 3,
        "cer": 0.125,
        "characters": 8,
        "character_edits": 1,
        "wer": 0.5,
        "words": 2,
        "word_edits": 1,
    }


def test_a_rate_without_reference_text_is_no_number():
    errors = ErrorCount(2, 0)
    assert math.isinf(errors.rate)
    assert SliceResult(1, errors, ErrorCount()).to_dict()["cer"] is None
