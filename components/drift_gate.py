"""DriftGate: stop the run if the splits hold lines of different kinds.

ExampleValidator looks at one split at a time. A model that is judged on lines of another
width, length or script than it learns from is judged wrongly; so the statistics of the eval
split are held against those of the train split, by TensorFlow Data Validation's drift
comparators (Jensen-Shannon divergence in bits, 0 for equal, 1 for nothing in common).
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
# Of fewer lines the divergence is chance: 24 drawn from one collection reach 0.26, 100 reach 0.09.
FEWEST_LINES = 50


def drift_between(
    train: statistics_pb2.DatasetFeatureStatisticsList,
    evaluation: statistics_pb2.DatasetFeatureStatisticsList,
) -> dict[str, float]:
    """Measure how far the eval split is from the train split.

    Args:
        train: Statistics of the split that is learnt from.
        evaluation: Statistics of the split that is judged by.

    Returns:
        For each feature of `COMPARED` that both have, the divergence in 0..1.
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


# TFX reads these annotations as they stand: no `from __future__ import annotations` here.
@tfx.dsl.components.component
def DriftGate(  # noqa: N802
    statistics: InputArtifact[ExampleStatistics],
    max_drift: Parameter[float],
):
    """Stop if train and eval have drifted apart.

    Args:
        statistics: What StatisticsGen counted.
        max_drift: Highest divergence of a feature that is let through, 0..1.

    Raises:
        DatasetError: If a feature diverges more.
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
