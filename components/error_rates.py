"""CER and WER as metrics of TensorFlow Model Analysis, for TFX's Evaluator.

The counting is `model.evaluation.metrics`: errors and reference lengths are summed over the lines
of a slice and divided once (micro-average), so shards merge exactly. They are summed by page
first, because the interval of a rate is a bootstrap over pages (`model.evaluation.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics.metric_types import FeaturePreprocessor

from model.evaluation.bootstrap import rate_intervals
from model.evaluation.metrics import ErrorCount, character_errors, word_errors

CER = "cer"
WER = "wer"
EDITS_SUFFIX = "_edits"
LENGTH_SUFFIX = "_length"
LOW_SUFFIX = "_low"
HIGH_SUFFIX = "_high"
_SUFFIXES = (EDITS_SUFFIX, LENGTH_SUFFIX, LOW_SUFFIX, HIGH_SUFFIX)
_PAGE = "page_uri"

# Errors by page.
PageErrors = dict[str, ErrorCount]


class ErrorRateCombiner(beam.CombineFn):
    """Sum the errors of the lines of a slice, page by page.

    Args:
        key: Key of the rate; what belongs to it goes by the same key with a suffix.
        count_errors: Takes a reference and a hypothesis.
        eval_config: Says which prediction is the text.
    """

    def __init__(
        self,
        key: tfma.metrics.MetricKey,
        count_errors: Callable[[str, str], ErrorCount],
        eval_config: tfma.EvalConfig | None = None,
    ):
        self._key = key
        self._count_errors = count_errors
        self._eval_config = eval_config

    def create_accumulator(self) -> PageErrors:
        """Start without any page."""
        return {}

    def add_input(
        self, accumulator: PageErrors, element: tfma.metrics.StandardMetricInputs
    ) -> PageErrors:
        """Add the errors of one line."""
        page = _text(element.features[_PAGE])
        pairs = tfma.metrics.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
        )
        for reference, hypothesis, _ in pairs:
            errors = self._count_errors(_text(reference), _text(hypothesis))
            accumulator[page] = accumulator.get(page, ErrorCount()) + errors
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[PageErrors]) -> PageErrors:
        """Add the sums of several shards."""
        merged: PageErrors = {}
        for accumulator in accumulators:
            for page, errors in accumulator.items():
                merged[page] = merged.get(page, ErrorCount()) + errors
        return merged

    def extract_output(self, accumulator: PageErrors) -> dict[tfma.metrics.MetricKey, float]:
        """Give rate, edits, length, and the ends of the rate's interval."""
        total = sum(accumulator.values(), ErrorCount())
        values = (total.rate, total.edits, total.length, *page_interval(accumulator))
        return dict(zip(_keys(self._key), values))


def page_interval(errors: PageErrors) -> tuple[float, float]:
    """Find the interval of a rate by drawing pages anew.

    Args:
        errors: Of each page.

    Returns:
        Lower and upper end; not a number without any page or reference text.

    Example:
        >>> page_interval({"a": ErrorCount(1, 10), "b": ErrorCount(3, 10)})
        (0.1, 0.3)
    """
    if not errors:
        return float("nan"), float("nan")
    # In one order, whatever the shards were: the draws are seeded.
    pages = [errors[page] for page in sorted(errors)]
    edits, lengths = (
        np.array([[getattr(page, name)] for page in pages]) for name in ("edits", "length")
    )
    ((low, high),) = rate_intervals(edits, lengths)
    return float(low), float(high)


class CharacterErrorRate(tfma.metrics.Metric):
    """Character edits over reference characters.

    Args:
        name: Name of the rate in the results.
    """

    def __init__(self, name: str = CER):
        super().__init__(
            tfma.metrics.merge_per_key_computations(_character_computations), name=name
        )


class WordErrorRate(tfma.metrics.Metric):
    """Word edits over reference words.

    Args:
        name: Name of the rate in the results.
    """

    def __init__(self, name: str = WER):
        super().__init__(tfma.metrics.merge_per_key_computations(_word_computations), name=name)


def _character_computations(
    name: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
) -> tfma.metrics.MetricComputations:
    key = tfma.metrics.MetricKey(name=name, model_name=model_name, output_name=output_name)
    return _computations(key, character_errors, eval_config)


def _word_computations(
    name: str,
    eval_config: tfma.EvalConfig | None = None,
    model_name: str = "",
    output_name: str = "",
) -> tfma.metrics.MetricComputations:
    key = tfma.metrics.MetricKey(name=name, model_name=model_name, output_name=output_name)
    return _computations(key, word_errors, eval_config)


def _computations(key, count_errors, eval_config) -> tfma.metrics.MetricComputations:
    combiner = ErrorRateCombiner(key, count_errors, eval_config)
    page = FeaturePreprocessor(feature_keys=[_PAGE])
    return [
        tfma.metrics.MetricComputation(keys=_keys(key), preprocessors=[page], combiner=combiner)
    ]


def _keys(rate: tfma.metrics.MetricKey) -> list[tfma.metrics.MetricKey]:
    return [rate, *(rate._replace(name=rate.name + suffix) for suffix in _SUFFIXES)]


def _text(values) -> str:
    (value,) = values
    return value.decode() if isinstance(value, bytes) else str(value)
