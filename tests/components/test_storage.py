"""Artifacts on the local disk and in a bucket, for which TensorFlow's ram:// stands in."""

import uuid
from pathlib import Path

import pytest

from components import storage
from components.storage import fetch, list_files, read_all_records, read_bytes, send, write_text
from schemas.features import encode_line
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train


@pytest.fixture(params=["disk", "bucket"])
def place(request, tmp_path):
    return str(tmp_path / "place") if request.param == "disk" else f"ram://{uuid.uuid4().hex}"


def test_a_file_reads_as_written(place):
    write_text(storage.join(place, "a", "b.txt"), "réunion\n")
    assert read_bytes(storage.join(place, "a", "b.txt")) == "réunion\n".encode()


def test_a_folder_is_sent_listed_and_fetched(place, tmp_path):
    folder = tmp_path / "here"
    (folder / "sub").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "sub/c.txt"):
        (folder / name).write_text(name)
    send(folder, place)
    assert list_files(place) == [storage.join(place, name) for name in ("a.txt", "b.txt")]
    copies = fetch([storage.join(place, "*.txt")], tmp_path / "back")
    assert [Path(copy).read_text() for copy in copies] == ["a.txt", "b.txt"]
    assert read_bytes(storage.join(place, "sub", "c.txt")) == b"sub/c.txt"


def test_records_are_read(place, tmp_path):
    lines = [line_example("acte", i) for i in range(3)]
    write_tfrecords(tmp_path / "here" / "a.gz", lines)
    send(tmp_path / "here", place)
    assert list(read_all_records(list_files(place))) == [encode_line(line) for line in lines]
