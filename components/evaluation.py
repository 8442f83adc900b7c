"""How a model is judged: what the Evaluator measures, and its results as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow_model_analysis as tfma

from components.error_rates import CER, EDITS_SUFFIX, LENGTH_SUFFIX, WER
from model.metrics import ErrorCount

SLICED_BY = ("document", "source")

_LINE_COUNT = "example_count"


@dataclass(frozen=True)
class SliceResult:
    """How well the lines of a slice were read.

    Attributes:
        lines: Lines in it.
        characters: Character errors.
        words: Word errors.
    """

    lines: int
    characters: ErrorCount
    words: ErrorCount

    def to_dict(self) -> dict:
        """Give what the model card says; a rate without any reference text is None."""
        return {
            "lines": self.lines,
            "cer": _finite(self.characters.rate),
            "characters": self.characters.length,
            "character_edits": self.characters.edits,
            "wer": _finite(self.words.rate),
            "words": self.words.length,
            "word_edits": self.words.edits,
        }


@dataclass(frozen=True)
class Evaluation:
    """What the Evaluator measured on the eval split.

    Attributes:
        overall: All lines.
        slices: For each feature of `SLICED_BY`, its values and their lines.
    """

    overall: SliceResult
    slices: dict[str, dict[str, SliceResult]]


def evaluation_config(max_cer: float) -> tfma.EvalConfig:
    """Say what to measure and when to bless.

    Args:
        max_cer: Highest overall CER of a blessed model.

    Returns:
        CER and WER of the SavedModel's text, overall and by slice.
    """
    gate = tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(upper_bound={"value": max_cer})
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
    """Read what the Evaluator wrote.

    Args:
        directory: Of its artifact `evaluation`.

    Returns:
        The errors, overall and by slice.
    """
    slices: dict[str, dict[str, SliceResult]] = {feature: {} for feature in SLICED_BY}
    overall = None
    results = tfma.load_eval_result(directory).get_metrics_for_all_slices()
    for slice_key, metrics in sorted(results.items()):
        if not slice_key:
            overall = _slice_result(metrics)
        else:
            ((feature, value),) = slice_key
            slices[feature][str(value)] = _slice_result(metrics)
    if overall is None:
        raise ValueError("the Evaluator saw no line; raise --eval_fraction and ingest again")
    return Evaluation(overall, slices)


def _slice_result(metrics: dict) -> SliceResult:
    def count(name: str) -> int:
        return round(float(metrics[name]["doubleValue"]))

    def errors(name: str) -> ErrorCount:
        return ErrorCount(count(name + EDITS_SUFFIX), count(name + LENGTH_SUFFIX))

    return SliceResult(count(_LINE_COUNT), errors(CER), errors(WER))


def _finite(rate: float) -> float | None:
    return rate if math.isfinite(rate) else None
