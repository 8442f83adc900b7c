"""CER and WER as metrics of TensorFlow Model Analysis, for TFX's Evaluator.

The counting is `model.metrics`: errors and reference lengths are summed over the lines of a
slice and divided once (micro-average), so shards merge exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apache_beam as beam
import tensorflow_model_analysis as tfma

from model.metrics import ErrorCount, character_errors, word_errors

CER = "cer"
WER = "wer"
EDITS_SUFFIX = "_edits"
LENGTH_SUFFIX = "_length"


class ErrorRateCombiner(beam.CombineFn):
    """Sum the errors of the lines of a slice.

    Args:
        key: Key of the rate; edits and length go by the same key with a suffix.
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

    def create_accumulator(self) -> ErrorCount:
        """Start with no error on no text."""
        return ErrorCount()

    def add_input(
        self, accumulator: ErrorCount, element: tfma.metrics.StandardMetricInputs
    ) -> ErrorCount:
        """Add the errors of one line."""
        pairs = tfma.metrics.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
        )
        for reference, hypothesis, _ in pairs:
            accumulator += self._count_errors(_text(reference), _text(hypothesis))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[ErrorCount]) -> ErrorCount:
        """Add the sums of several shards."""
        return sum(accumulators, ErrorCount())

    def extract_output(self, accumulator: ErrorCount) -> dict[tfma.metrics.MetricKey, float]:
        """Give rate, edits and length."""
        values = (accumulator.rate, accumulator.edits, accumulator.length)
        return dict(zip(_keys(self._key), values))


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
    return [tfma.metrics.MetricComputation(keys=_keys(key), preprocessors=None, combiner=combiner)]


def _keys(rate: tfma.metrics.MetricKey) -> list[tfma.metrics.MetricKey]:
    return [rate, *(rate._replace(name=rate.name + s) for s in (EDITS_SUFFIX, LENGTH_SUFFIX))]


def _text(values) -> str:
    (value,) = values
    return value.decode() if isinstance(value, bytes) else str(value)
