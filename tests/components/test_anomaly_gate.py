"""A dataset that does not match the schema stops the run."""

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.v1.types.standard_artifacts import ExampleAnomalies

from components.anomaly_gate import ANOMALIES_FILE, AnomalyGate, describe_anomalies
from components.errors import DatasetError
from components.line_features import describe_line
from components.line_schema import schema_text
from schemas import tf_example
from schemas.features import encode_line
from tests.drawn import line_example

pytestmark = pytest.mark.train


def lines():
    records = (encode_line(line_example(text, i)) for i, text in enumerate(("12", "mai")))
    return pd.DataFrame([tf_example.decode(describe_line(record)) for record in records])


def anomalies_of(frame):
    """Do what StatisticsGen and ExampleValidator do."""
    schema = text_format.Parse(schema_text(), schema_pb2.Schema())
    options = tfdv.StatsOptions(schema=schema)
    statistics = tfdv.generate_statistics_from_dataframe(frame, stats_options=options)
    return tfdv.validate_statistics(statistics, schema)


def test_lines_as_ingest_writes_them_pass():
    assert describe_anomalies(anomalies_of(lines()), "train") == ([], [])


@pytest.mark.parametrize(
    ("feature", "value", "reason"),
    [
        ("split", "dev", "dev"),
        ("source", "scribbles", "scribbles"),
        ("width_px", 0, "small"),
        ("width_px", 20_000, "large"),
        ("height_px", 8, "small"),
        ("text", 12, "BYTES"),
    ],
)
def test_a_value_that_the_schema_does_not_allow_is_an_error(feature, value, reason):
    errors, warnings = describe_anomalies(anomalies_of(lines().assign(**{feature: value})), "eval")
    assert warnings == []
    (error,) = errors
    assert error.startswith(f"split eval, feature {feature}: ")
    assert reason in error


def test_a_feature_that_is_missing_is_an_error():
    errors, warnings = describe_anomalies(anomalies_of(lines().drop(columns="document")), "train")
    assert [error.split(":")[0] for error in errors] == ["split train, feature document"]
    assert warnings == []


def test_a_feature_that_the_schema_does_not_know_is_a_warning():
    frame = lines().assign(hand="secretary", width_px=0)
    errors, warnings = describe_anomalies(anomalies_of(frame), "train")
    assert [error.split(":")[0] for error in errors] == ["split train, feature width_px"]
    assert [warning.split(":")[0] for warning in warnings] == ["split train, feature hand"]


@pytest.fixture
def artifact(tmp_path):
    """Make an artifact as ExampleValidator leaves it."""

    def make(**frames):
        anomalies = ExampleAnomalies()
        anomalies.uri, anomalies.splits = str(tmp_path), list(frames)
        for split, frame in frames.items():
            path = tmp_path / f"Split-{split}" / ANOMALIES_FILE
            path.parent.mkdir()
            path.write_bytes(anomalies_of(frame).SerializeToString())
        return anomalies

    return make


def test_the_gate_reports_every_error_of_every_split(artifact):
    anomalies = artifact(train=lines().assign(width_px=0), eval=lines().assign(split="dev"))
    with pytest.raises(DatasetError) as error:
        AnomalyGate.test_call(anomalies=anomalies)
    assert "split train, feature width_px" in str(error.value)
    assert "split eval, feature split" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_gate_prints_warnings_but_passes_them(artifact, capsys):
    AnomalyGate.test_call(anomalies=artifact(train=lines().assign(hand="x"), eval=lines()))
    assert capsys.readouterr().err.startswith("warning: split train, feature hand: ")
