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
# Lines of a page are alike in these: a page of verses, or a title page, differs from the others.
OF_PAGES = ("width_px", LINE_LENGTH)
# By how much a single page of a collection diverges from the others. Of four collections, a
# held-out page did by up to 0.81, two by 0.37, four by 0.16 (92 random splits of 2 to 40 pages;
# pages of fewer than 20 lines diverge even more).
PAGE_NOISE = 0.6
_PAGE = "page_uri"
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


def drift_limit(feature: str, max_drift: float, pages: int) -> float:
    """Return the highest accepted divergence of a feature.

    Args:
        feature: One of `COMPARED`.
        max_drift: Highest accepted divergence of many pages.
        pages: Number of pages of the smaller split.
    """
    return max_drift + PAGE_NOISE / max(1, pages) if feature in OF_PAGES else max_drift


def count_pages(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> int:
    """Return the number of pages of a split; that of its lines if pages are not known."""
    (dataset,) = statistics.datasets
    for feature in dataset.features:
        if ".".join(feature.path.step) == _PAGE:
            return feature.string_stats.unique
    return dataset.num_examples


# TFX evaluates these annotations: no `from __future__ import annotations` in this module.
@tfx.dsl.components.component
def DriftGate(  # noqa: N802
    statistics: InputArtifact[ExampleStatistics],
    max_drift: Parameter[float],
):
    """Stop the run if the eval split diverges from the train split.

    Args:
        statistics: Output of StatisticsGen.
        max_drift: Highest accepted divergence of a feature, 0..1; of few pages more is accepted.

    Raises:
        DatasetError: If a feature diverges more than that.
    """
    splits = read_statistics(statistics.uri)
    if min(counts.datasets[0].num_examples for counts in splits.values()) < FEWEST_LINES:
        return
    drift = drift_between(splits["train"], splits["eval"])
    pages = min(map(count_pages, splits.values()))
    limits = {name: drift_limit(name, max_drift, pages) for name in drift}
    found = [f"{name} by {value:.2f}" for name, value in drift.items() if value > limits[name]]
    if found:
        raise DatasetError(
            f"split eval has drifted from split train: {', '.join(found)}, "
            f"--max_drift is {max_drift}; ingest again so that both hold the same kinds of "
            "pages, or raise --max_drift"
        )
