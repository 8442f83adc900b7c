"""AnomalyGate: stop the run on what ExampleValidator found.

ExampleValidator only writes its findings down. Every anomaly is an error but one: a
feature that `schemas/line.pbtxt` does not know is left unread, so it is only told.
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
    """Tell errors from warnings.

    Args:
        anomalies: What TensorFlow Data Validation found in a split.
        split: Name of the split.

    Returns:
        Errors and warnings, a line each.
    """
    errors, warnings = [], []
    for feature, info in sorted(anomalies.anomaly_info.items()):
        text = f"split {split}, feature {feature}: {info.description.strip(' .')}"
        harmless = {reason.type for reason in info.reason} == {_AnomalyInfo.SCHEMA_NEW_COLUMN}
        (warnings if harmless else errors).append(text)
    if anomalies.HasField("dataset_anomaly_info"):
        errors.append(f"split {split}: {anomalies.dataset_anomaly_info.description}")
    return errors, warnings


# TFX reads these annotations as they stand: no `from __future__ import annotations` here.
@tfx.dsl.components.component
def AnomalyGate(  # noqa: N802
    anomalies: InputArtifact[ExampleAnomalies],
):
    """Stop if a split breaks the schema.

    Args:
        anomalies: What ExampleValidator found.

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
            f"dataset breaks schemas/line.pbtxt: {'; '.join(errors)}; "
            "make it anew with pipelines.ingest"
        )
