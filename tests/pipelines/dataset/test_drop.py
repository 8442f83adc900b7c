"""Files are rewritten without the lines that leak, and read back."""

from dataclasses import replace

import pytest

from model.report.contact_sheet import ReportSample
from pipelines.dataset.drop import DatasetFile, drop_leaks, read_back
from schemas.records import Leak
from tests.drawn import line_example, write_tfrecords
from tests.model.dataset.summaries import summary_of

LINES = [line_example(text, number) for number, text in enumerate(("un", "deux", "trois"))]
LEAK = Leak(LINES[1].page_uri, "l1", "train", "near duplicate", "other.jpg", "l9", "test")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "train" / "lines-00000-of-00001.tfrecord.gz"
    write_tfrecords(path, LINES)
    return path


def test_without_leaks_a_file_is_left_alone(tmp_path, path):
    assert list(drop_leaks(str(path), str(tmp_path / "kept"), [])) == [DatasetFile(str(path))]
    assert not (tmp_path / "kept").exists()


def test_lines_that_leak_are_left_out_and_shown(tmp_path, path):
    kept = tmp_path / "kept" / "train" / path.name
    assert list(drop_leaks(str(path), str(tmp_path / "kept"), [LEAK])) == [
        LINES[0],
        ReportSample(f"{LEAK.page_uri} l1", "deux", "train", LINES[1].image),
        LINES[2],
        DatasetFile(str(kept)),
    ]
    content = read_back(DatasetFile(str(kept)))
    assert (content.split, content.name, content.lines) == ("train", path.name, 2)
    assert content.digest == summary_of([LINES[0], LINES[2]]).hex_digest()
    assert read_back(DatasetFile(str(path))).lines == 3


def test_a_line_of_eval_is_shown_and_stays(tmp_path, path):
    leak = replace(LEAK, split="eval")
    write_tfrecords(path, [replace(line, split="eval") for line in LINES])
    records = list(drop_leaks(str(path), str(tmp_path / "kept"), [leak]))
    assert [type(record).__name__ for record in records].count("LineExample") == 3
    assert any(isinstance(record, ReportSample) for record in records)


def test_the_same_line_in_another_split_stays(tmp_path):
    path = tmp_path / "test" / "lines.tfrecord.gz"
    twin = replace(LINES[1], split="test")
    write_tfrecords(path, [twin])
    records = list(drop_leaks(str(path), str(tmp_path / "kept"), [LEAK]))
    assert records == [twin, DatasetFile(str(tmp_path / "kept" / "test" / path.name))]


def test_reading_back_a_truncated_file_is_an_error(path):
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="not a whole gzip TFRecord file"):
        read_back(DatasetFile(str(path)))
