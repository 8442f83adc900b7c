"""Lines as tf.Examples, and the TFX schema that describes them."""

import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import tf_example
from schemas.features import TFX_SCHEMA_PATH, decode_line, encode_line
from schemas.records import LineExample

LINES = st.builds(
    LineExample,
    image=st.binary(),
    width_px=st.integers(1, 9999),
    height_px=st.integers(1, 256),
    text=st.text(),
    page_uri=st.text(),
    line_id=st.text(),
    document=st.text(),
    source=st.sampled_from(["alto", "page", "pair"]),
    split=st.sampled_from(["train", "eval", "test"]),
)


@given(LINES)
def test_a_line_is_deserialised_as_serialised(line):
    assert decode_line(encode_line(line)) == line


def test_a_record_without_text_is_rejected():
    with pytest.raises(ValueError, match="no feature .*text.*pipelines.ingest"):
        decode_line(tf_example.encode({"image": b""}))


def test_the_tfx_schema_names_every_feature_once():
    named = re.findall(r'^feature \{ name: "(\w+)"', TFX_SCHEMA_PATH.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in fields(LineExample))


@pytest.mark.train
def test_the_tfx_schema_parses():
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = text_format.Parse(TFX_SCHEMA_PATH.read_text(), schema_pb2.Schema())
    kinds = {f.name: schema_pb2.FeatureType.Name(f.type) for f in schema.feature}
    for field in fields(LineExample):
        assert kinds[field.name] == ("INT" if field.type == "int" else "BYTES")
