"""Evaluation of a model: the configuration of the Evaluator, and its results as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow_model_analysis as tfma

from components.error_rates import (
    CER,
    EDITS_SUFFIX,
    HIGH_SUFFIX,
    LENGTH_SUFFIX,
    LOW_SUFFIX,
    WER,
)
from components.line_features import LINE_LENGTH, SCRIPT
from model.evaluation.metrics import ErrorCount

SLICED_BY = ("document", LINE_LENGTH, SCRIPT, "source")

_LINE_COUNT = "example_count"


@dataclass(frozen=True)
class SliceResult:
    """The errors of the lines of a slice.

    Attributes:
        lines: Number of lines.
        characters: Character errors.
        words: Word errors.
        cer_interval: Confidence interval of the CER, by bootstrap over pages.
        wer_interval: Confidence interval of the WER, by bootstrap over pages.
    """

    lines: int
    characters: ErrorCount
    words: ErrorCount
    cer_interval: tuple[float, float]
    wer_interval: tuple[float, float]

    def to_dict(self) -> dict:
        """Return the entry of the model card; a rate without any reference text is None."""
        return {
            "lines": self.lines,
            "cer": _finite(self.characters.rate),
            "cer_interval": [_finite(end) for end in self.cer_interval],
            "characters": self.characters.length,
            "character_edits": self.characters.edits,
            "wer": _finite(self.words.rate),
            "wer_interval": [_finite(end) for end in self.wer_interval],
            "words": self.words.length,
            "word_edits": self.words.edits,
        }


@dataclass(frozen=True)
class Evaluation:
    """The results of the Evaluator on the eval split.

    Attributes:
        overall: Result of all lines.
        slices: For each feature of `SLICED_BY`, the result by value.
        baseline: Result of the last blessed model on all lines; None if there is no such model.
    """

    overall: SliceResult
    slices: dict[str, dict[str, SliceResult]]
    baseline: SliceResult | None = None


def evaluation_config(max_cer: float) -> tfma.EvalConfig:
    """Return what the Evaluator measures, and when it blesses a model.

    Args:
        max_cer: Highest overall CER of a blessed model. The CER must not be higher than that
            of the last blessed model on the same lines either, if there is one.

    Returns:
        Configuration for CER and WER of the SavedModel's text, overall and by slice.
    """
    gate = tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(upper_bound={"value": max_cer}),
        change_threshold=tfma.GenericChangeThreshold(
            absolute={"value": 0.0}, direction=tfma.MetricDirection.LOWER_IS_BETTER
        ),
    )
    module = "components.error_rates"
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                model_type=tfma.TF_GENERIC,
                signature_name="serving_default",
                label_key="text",
                prediction_key="text",
            )
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(tfma.SlicingSpec(feature_keys=[feature]) for feature in SLICED_BY),
        ],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[
                    tfma.MetricConfig(
                        class_name="CharacterErrorRate", module=module, threshold=gate
                    ),
                    tfma.MetricConfig(class_name="WordErrorRate", module=module),
                    tfma.MetricConfig(class_name="ExampleCount"),
                ]
            )
        ],
    )


def read_evaluation(directory: str) -> Evaluation:
    """Read the results that the Evaluator wrote.

    Args:
        directory: Directory of its artifact `evaluation`.

    Returns:
        The errors, overall and by slice.

    Raises:
        ValueError: If there was no line to evaluate.
    """
    has_baseline = len(tfma.load_eval_result(directory).config.model_specs) > 1
    slices: dict[str, dict[str, SliceResult]] = {feature: {} for feature in SLICED_BY}
    results = _results(directory, tfma.CANDIDATE_KEY if has_baseline else None)
    if () not in results:
        raise ValueError("split eval has no line; raise --eval_fraction and ingest again")
    for slice_key, metrics in sorted(results.items()):
        for feature, value in slice_key:
            slices[feature][str(value)] = _slice_result(metrics)
    baseline = _slice_result(_results(directory, tfma.BASELINE_KEY)[()]) if has_baseline else None
    return Evaluation(_slice_result(results[()]), slices, baseline)


def _results(directory: str, model_name: str | None) -> dict:
    return tfma.load_eval_result(directory, model_name=model_name).get_metrics_for_all_slices()


def _slice_result(metrics: dict) -> SliceResult:
    def value(name: str) -> float:
        return float(metrics[name]["doubleValue"])

    def errors(name: str) -> ErrorCount:
        return ErrorCount(round(value(name + EDITS_SUFFIX)), round(value(name + LENGTH_SUFFIX)))

    def interval(name: str) -> tuple[float, float]:
        return value(name + LOW_SUFFIX), value(name + HIGH_SUFFIX)

    return SliceResult(
        round(value(_LINE_COUNT)), errors(CER), errors(WER), interval(CER), interval(WER)
    )


def _finite(rate: float) -> float | None:
    return rate if math.isfinite(rate) else None
