"""CER and WER as metrics of TensorFlow Model Analysis, for TFX's Evaluator.

Errors are counted by `model.evaluation.metrics`. Errors and reference lengths are summed over the
lines of a slice and divided once (micro-average), so merging shards is exact. They are summed per
page, because the confidence interval of a rate is a bootstrap over pages
(`model.evaluation.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics.metric_types import FeaturePreprocessor

from model.evaluation.bootstrap import rate_intervals
from model.evaluation.metrics import ErrorCount, character_errors, word_errors
from model.text.bidi import logical_text

CER = "cer"
WER = "wer"
EDITS_SUFFIX = "_edits"
LENGTH_SUFFIX = "_length"
LOW_SUFFIX = "_low"
HIGH_SUFFIX = "_high"
_SUFFIXES = (EDITS_SUFFIX, LENGTH_SUFFIX, LOW_SUFFIX, HIGH_SUFFIX)
_PAGE = "page_uri"

# Errors by page URI.
PageErrors = dict[str, ErrorCount]


class ErrorRateCombiner(beam.CombineFn):
    """Sums the errors of the lines of a slice per page.

    Args:
        key: Key of the rate; counts and interval have the same key with a suffix.
        count_errors: Returns the errors of a hypothesis, given reference and hypothesis.
        eval_config: Configuration that names the prediction with the text.
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
        """Return an accumulator without pages."""
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
            # The SavedModel gives characters as they lie from left to right.
            read = logical_text(_text(hypothesis))
            errors = self._count_errors(_text(reference), read)
            accumulator[page] = accumulator.get(page, ErrorCount()) + errors
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[PageErrors]) -> PageErrors:
        """Add up the sums of several shards."""
        merged: PageErrors = {}
        for accumulator in accumulators:
            for page, errors in accumulator.items():
                merged[page] = merged.get(page, ErrorCount()) + errors
        return merged

    def extract_output(self, accumulator: PageErrors) -> dict[tfma.metrics.MetricKey, float]:
        """Return the rate, its edits and length, and the ends of its interval."""
        total = sum(accumulator.values(), ErrorCount())
        values = (total.rate, total.edits, total.length, *page_interval(accumulator))
        return dict(zip(_keys(self._key), values))


def page_interval(errors: PageErrors) -> tuple[float, float]:
    """Compute the confidence interval of a rate by a bootstrap over pages.

    Args:
        errors: Errors by page.

    Returns:
        Lower and upper end; NaN if there is no page or no reference text.

    Example:
        >>> page_interval({"a": ErrorCount(1, 10), "b": ErrorCount(3, 10)})
        (0.1, 0.3)
    """
    if not errors:
        return float("nan"), float("nan")
    # The seeded draws depend on the order, which must not depend on the shards.
    pages = [errors[page] for page in sorted(errors)]
    edits, lengths = (
        np.array([[getattr(page, name)] for page in pages]) for name in ("edits", "length")
    )
    ((low, high),) = rate_intervals(edits, lengths)
    return float(low), float(high)


class CharacterErrorRate(tfma.metrics.Metric):
    """Character edits divided by reference characters.

    Args:
        name: Name of the rate in the results.
    """

    def __init__(self, name: str = CER):
        super().__init__(
            tfma.metrics.merge_per_key_computations(_computations(character_errors)), name=name
        )


class WordErrorRate(tfma.metrics.Metric):
    """Word edits divided by reference words.

    Args:
        name: Name of the rate in the results.
    """

    def __init__(self, name: str = WER):
        super().__init__(
            tfma.metrics.merge_per_key_computations(_computations(word_errors)), name=name
        )


def _computations(
    count_errors: Callable[[str, str], ErrorCount],
) -> Callable[..., tfma.metrics.MetricComputations]:
    """Return the function that makes the computations of a rate; TFMA reads its signature."""

    def computations(
        name: str,
        eval_config: tfma.EvalConfig | None = None,
        model_name: str = "",
        output_name: str = "",
    ) -> tfma.metrics.MetricComputations:
        key = tfma.metrics.MetricKey(name=name, model_name=model_name, output_name=output_name)
        combiner = ErrorRateCombiner(key, count_errors, eval_config)
        page = FeaturePreprocessor(feature_keys=[_PAGE])
        return [
            tfma.metrics.MetricComputation(keys=_keys(key), preprocessors=[page], combiner=combiner)
        ]

    return computations


def _keys(rate: tfma.metrics.MetricKey) -> list[tfma.metrics.MetricKey]:
    return [rate, *(rate._replace(name=rate.name + suffix) for suffix in _SUFFIXES)]


def _text(values) -> str:
    (value,) = values
    return value.decode() if isinstance(value, bytes) else str(value)
