"""What the Evaluator measures, and its results as plain data."""

import math

import pytest
import tensorflow_model_analysis as tfma

from components.evaluation import SliceResult, evaluation_config
from model.evaluation.metrics import ErrorCount

pytestmark = pytest.mark.train


def test_only_the_cer_of_all_lines_decides():
    config = evaluation_config(max_cer=0.25)
    thresholds = tfma.metrics.metric_thresholds_from_metrics_specs(config.metrics_specs, config)
    assert {(key.name, key.is_diff) for key in thresholds} == {("cer", False), ("cer", True)}
    for key, ((slice_spec, threshold),) in thresholds.items():
        assert slice_spec is None
        if key.is_diff:
            assert threshold.absolute.value == 0
            assert threshold.direction == tfma.MetricDirection.LOWER_IS_BETTER
        else:
            assert threshold.upper_bound.value == 0.25
            assert not threshold.HasField("lower_bound")


def test_documents_lengths_scripts_and_sources_are_sliced():
    slices = [tuple(spec.feature_keys) for spec in evaluation_config(1.0).slicing_specs]
    assert slices == [(), ("document",), ("line_length",), ("script",), ("source",)]


def test_a_result_includes_its_counts():
    result = SliceResult(3, ErrorCount(1, 8), ErrorCount(1, 2), (0.1, 0.2), (0.25, math.nan))
    assert result.to_dict() == {
        "lines": 3,
        "cer": 0.125,
        "cer_interval": [0.1, 0.2],
        "characters": 8,
        "character_edits": 1,
        "wer": 0.5,
        "wer_interval": [0.25, None],
        "words": 2,
        "word_edits": 1,
    }


def test_a_rate_without_reference_text_is_none():
    errors = ErrorCount(2, 0)
    assert math.isinf(errors.rate)
    nothing = (math.nan, math.nan)
    assert SliceResult(1, errors, ErrorCount(), nothing, nothing).to_dict()["cer"] is None
