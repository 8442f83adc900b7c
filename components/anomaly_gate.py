"""AnomalyGate: stop the run if ExampleValidator found anomalies.

ExampleValidator only writes its findings to a file. Every anomaly is an error, except a feature
that is not in `schemas/line.pbtxt`: it is ignored in training, so it is only a warning.
"""

import sys

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import v1 as tfx
from tfx.v1.dsl.components import InputArtifact
from tfx.v1.types.standard_artifacts import ExampleAnomalies

from components.errors import DatasetError
from components.storage import join, read_bytes

ANOMALIES_FILE = "SchemaDiff.pb"

_AnomalyInfo = anomalies_pb2.AnomalyInfo


def describe_anomalies(
    anomalies: anomalies_pb2.Anomalies, split: str
) -> tuple[list[str], list[str]]:
    """Describe anomalies as errors and warnings.

    Args:
        anomalies: Anomalies that TensorFlow Data Validation found in a split.
        split: Name of the split.

    Returns:
        Errors and warnings, one line each.
    """
    errors, warnings = [], []
    for feature, info in sorted(anomalies.anomaly_info.items()):
        text = f"split {split}, feature {feature}: {info.description.strip(' .')}"
        harmless = {reason.type for reason in info.reason} == {_AnomalyInfo.SCHEMA_NEW_COLUMN}
        (warnings if harmless else errors).append(text)
    if anomalies.HasField("dataset_anomaly_info"):
        errors.append(f"split {split}: {anomalies.dataset_anomaly_info.description}")
    return errors, warnings


# TFX evaluates these annotations: no `from __future__ import annotations` in this module.
@tfx.dsl.components.component
def AnomalyGate(  # noqa: N802
    anomalies: InputArtifact[ExampleAnomalies],
):
    """Stop the run if a split does not match the schema.

    Args:
        anomalies: Output of ExampleValidator.

    Raises:
        DatasetError: If it found an error.
    """
    errors = []
    for split in anomalies.splits:
        content = read_bytes(join(anomalies.uri, f"Split-{split}", ANOMALIES_FILE))
        found, warnings = describe_anomalies(anomalies_pb2.Anomalies.FromString(content), split)
        errors += found
        for warning in warnings:
            print(f"warning: {warning}", file=sys.stderr)
    if errors:
        raise DatasetError(
            f"dataset does not match schemas/line.pbtxt: {'; '.join(errors)}; "
            "make it again with pipelines.ingest"
        )
