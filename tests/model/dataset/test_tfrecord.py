"""Reading and writing TFRecord files."""

import gzip
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset.tfrecord import read_records, write_record


def tfrecord(records) -> bytes:
    framed = (struct.pack("<Q", len(r)) + bytes(4) + r + bytes(4) for r in records)
    return gzip.compress(b"".join(framed))


@given(records=st.lists(st.binary(max_size=50), max_size=6))
def test_records_are_read_back(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("records") / "a.tfrecord.gz"
    path.write_bytes(tfrecord(records))
    assert list(read_records(path)) == records


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(tmp_path, kept):
    whole = tfrecord([bytes(range(200))] * 3)
    path = tmp_path / "cut.tfrecord.gz"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(ValueError, match="cut.tfrecord.gz"):
        list(read_records(path))


@pytest.mark.parametrize(
    "data", [b"not gzip", gzip.compress(b"short"), gzip.compress(b"\xff" * 40)]
)
def test_a_file_of_another_kind_is_refused(tmp_path, data):
    path = tmp_path / "odd.tfrecord.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="odd.tfrecord.gz"):
        list(read_records(path))


@pytest.mark.train
def test_tensorflow_accepts_the_checksums(tmp_path):
    import tensorflow as tf

    records = [b"", b"x", bytes(range(256)) * 9]
    with gzip.open(tmp_path / "a.tfrecord.gz", "wb") as file:
        for record in records:
            write_record(file, record)
    dataset = tf.data.TFRecordDataset(str(tmp_path / "a.tfrecord.gz"), "GZIP")
    assert [record.numpy() for record in dataset] == records
    assert list(read_records(tmp_path / "a.tfrecord.gz")) == records
