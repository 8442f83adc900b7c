"""DriftGate: stop the run if the splits hold lines of different kinds.

ExampleValidator looks at one split at a time. An evaluation is misleading if its lines differ in
width, length or script from the training lines. So the statistics of the eval split are compared
with those of the train split, by the drift comparators of TensorFlow Data Validation
(Jensen-Shannon divergence in bits: 0 for equal distributions, 1 for disjoint ones).
"""

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx import v1 as tfx
from tfx.v1.dsl.components import InputArtifact, Parameter
from tfx.v1.types.standard_artifacts import ExampleStatistics

from components.errors import DatasetError
from components.line_features import LINE_LENGTH, SCRIPT
from components.statistics import read_statistics

COMPARED = ("width_px", "height_px", LINE_LENGTH, SCRIPT)
# With fewer lines the divergence is mostly random: 24 lines from one collection reach 0.26, 100
# lines reach 0.09.
FEWEST_LINES = 50


def drift_between(
    train: statistics_pb2.DatasetFeatureStatisticsList,
    evaluation: statistics_pb2.DatasetFeatureStatisticsList,
) -> dict[str, float]:
    """Measure how far the eval split diverges from the train split.

    Args:
        train: Statistics of the train split.
        evaluation: Statistics of the eval split.

    Returns:
        Divergence, 0..1, of each feature of `COMPARED` that both splits have.
    """
    schema = tfdv.infer_schema(train)
    for feature in schema.feature:
        if feature.name in COMPARED:
            feature.drift_comparator.CopyFrom(
                schema_pb2.FeatureComparator(jensen_shannon_divergence={"threshold": 1.0})
            )
    anomalies = tfdv.validate_statistics(evaluation, schema, previous_statistics=train)
    return {
        ".".join(info.path.step): measurement.value
        for info in anomalies.drift_skew_info
        for measurement in info.drift_measurements
    }


# TFX evaluates these annotations: no `from __future__ import annotations` in this module.
@tfx.dsl.components.component
def DriftGate(  # noqa: N802
    statistics: InputArtifact[ExampleStatistics],
    max_drift: Parameter[float],
):
    """Stop the run if the eval split diverges from the train split.

    Args:
        statistics: Output of StatisticsGen.
        max_drift: Highest accepted divergence of a feature, 0..1.

    Raises:
        DatasetError: If a feature diverges more than that.
    """
    splits = read_statistics(statistics.uri)
    if min(counts.datasets[0].num_examples for counts in splits.values()) < FEWEST_LINES:
        return
    drift = drift_between(splits["train"], splits["eval"])
    found = [f"{name} by {value:.2f}" for name, value in drift.items() if value > max_drift]
    if found:
        raise DatasetError(
            f"split eval has drifted from split train: {', '.join(found)}, "
            f"--max_drift is {max_drift}; ingest again so that both hold the same kinds of "
            "pages, or raise --max_drift"
        )
