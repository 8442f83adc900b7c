"""TFRecord files are read through Beam's file systems."""

import pytest

from pipelines.dataset.tfrecord import read_records
from schemas.features import encode_line
from tests.drawn import line_example, write_tfrecords
from tests.pipelines.counted_files import CountedFiles

LINES = [line_example("acte", number) for number in range(2)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "lines.tfrecord.gz"
    write_tfrecords(path, LINES)
    return path


def test_records_are_read_from_any_file_system(path):
    expected = list(map(encode_line, LINES))
    assert list(read_records(str(path))) == expected
    CountedFiles.begin({"counted://d/lines.tfrecord.gz": path.read_bytes()})
    assert list(read_records("counted://d/lines.tfrecord.gz")) == expected


def test_a_truncated_file_is_named(path):
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=f"{path}: not a whole gzip TFRecord file"):
        list(read_records(str(path)))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(OSError, match=r"gone\.tfrecord\.gz"):
        list(read_records(str(tmp_path / "gone.tfrecord.gz")))
