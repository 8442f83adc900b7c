"""Reading datasets written by ingest."""

import gzip
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset.splits import page_uri_of
from pipelines.formats.quire_dataset import is_tfrecord, read_quire_dataset
from schemas import tf_example
from schemas.features import encode_line
from schemas.records import Failure, Line, LineExample, Page
from tests.pipelines.formats.memory_files import MemoryFiles

URI = "d/train/lines-00000-of-00001.tfrecord.gz"
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EXAMPLES = st.builds(
    LineExample,
    image=st.binary(min_size=1, max_size=20),
    width_px=st.integers(1, 9999),
    height_px=st.integers(16, 256),
    text=NAMES,
    page_uri=NAMES,
    line_id=NAMES,
    document=NAMES,
    source=st.sampled_from(["alto", "pair"]),
    split=st.sampled_from(["train", "eval", "test"]),
)
EXAMPLE = LineExample(b"PNG", 320, 64, "Audience", "d/a.parquet#7", "l#1", "d", "alto", "train")


def tfrecord(records) -> bytes:
    framed = (struct.pack("<Q", len(r)) + bytes(4) + r + bytes(4) for r in records)
    return gzip.compress(b"".join(framed))


def read(data: bytes):
    return list(read_quire_dataset(URI, MemoryFiles({URI: data})))


@given(st.lists(EXAMPLES, max_size=6))
def test_written_data_are_read_back(examples):
    pages = read(tfrecord(map(encode_line, examples)))
    assert pages == [
        Page(
            f"{example.page_uri}#{example.line_id}",
            (Line(example.line_id, 0, example.text),),
            width_px=example.width_px,
            height_px=example.height_px,
            source="quire",
            document=example.document,
            split=example.split,
            image=example.image,
        )
        for example in examples
    ]
    assert [page_uri_of(page) for page in pages] == [example.page_uri for example in examples]


def features(**values) -> bytes:
    known = {name: getattr(EXAMPLE, name) for name in EXAMPLE.__dataclass_fields__}
    return tf_example.encode(
        {
            name: value.encode() if isinstance(value, str) else value
            for name, value in {**known, **values}.items()
            if value is not None
        }
    )


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"", "no feature image"),
        (b"\xff" * 40, "not a line of a Quire dataset"),
        (features(text=None), "no feature text"),
        (features(text=7), "text is not of type bytes"),
        (features(text=b"\xff"), "codec can't decode"),
        (features(text=b"\xed\xa0\x80"), "codec can't decode"),
        (features(width_px=b"wide"), "width_px is not of type int"),
        (features(image=b""), "no image"),
        (features(split="fold_3"), "split 'fold_3' is not one of train, eval, test;"),
    ],
)
def test_a_bad_record_does_not_affect_the_others(record, reason):
    good = encode_line(EXAMPLE)
    first, failure, third = read(tfrecord([good, record, good]))
    assert isinstance(first, Page) and first == third
    assert isinstance(failure, Failure) and failure.uri == f"{URI}#1"
    assert reason in failure.error


@pytest.mark.parametrize("data", [b"", b"PAR1", b"\x1f\x8b", tfrecord([b"x" * 99])[:-20]])
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match=URI):
        read(data)


def test_an_empty_shard_is_empty():
    assert read(tfrecord([])) == []


def test_what_comes_before_a_cut_is_read():
    records = [encode_line(replace(EXAMPLE, image=bytes(range(256)) * n)) for n in range(1, 9)]
    *pages, failure = read(tfrecord(records)[:-30])
    assert pages and all(isinstance(page, Page) for page in pages)
    assert failure.uri == f"{URI}#{len(pages)}" and "not a whole gzip" in failure.error


def test_tfrecords_are_recognised_by_name():
    assert is_tfrecord(URI, b"") and not is_tfrecord("d/tfrecords/a.gz", b"\x1f\x8b")
