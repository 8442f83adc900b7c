"""Reading binary datasets of kraken."""

import io
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.tables.kraken_arrow import is_arrow, read_kraken_arrow
from schemas.records import Failure, Line, Page
from tests.pipelines.formats.memory_files import MemoryFiles

URI = "d/lines.arrow"
LINES = pa.struct([("text", pa.string()), ("im", pa.binary())])
LINES_WITH_LANGUAGE = pa.struct([*LINES, ("language", pa.list_(pa.string()))])


def metadata(kind="baseline"):
    return {"lines": json.dumps({"type": f"kraken_recognition_{kind}", "counts": {"all": 1}})}


METADATA = metadata()
FLAG_OF_SPLIT = {"train": "train", "eval": "validation", "test": "test"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SPLITS = st.sampled_from(["", *FLAG_OF_SPLIT])
ROWS = st.lists(st.tuples(TEXTS, st.binary(min_size=1, max_size=20), SPLITS), max_size=12)


def arrow(lines: pa.Array, splits=None, metadata=METADATA, batch_rows=5, **options) -> bytes:
    """Write a file as kraken/lib/arrow_dataset.py does."""
    columns = {"lines": lines}
    for split, flag in FLAG_OF_SPLIT.items() if splits is not None else ():
        columns[flag] = pa.array([split in given for given in splits], pa.bool_())
    table = pa.table(columns).replace_schema_metadata(metadata)
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema, **options) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    return out.getvalue()


def lines_of(rows, kind=LINES) -> pa.Array:
    return pa.array([None if row is None else dict(zip(("text", "im"), row)) for row in rows], kind)


def read(data: bytes):
    return list(read_kraken_arrow(URI, MemoryFiles({URI: data})))


@given(
    ROWS,
    st.sampled_from([LINES, LINES_WITH_LANGUAGE]),
    st.integers(1, 7),
    st.sampled_from([None, "lz4", "zstd"]),
)
def test_written_data_are_read_back(rows, kind, batch_rows, compression):
    options = pa.ipc.IpcWriteOptions(compression=compression)
    data = arrow(
        lines_of([row[:2] for row in rows], kind),
        [{row[2]} for row in rows],
        batch_rows=batch_rows,
        options=options,
    )
    assert read(data) == [
        Page(
            f"{URI}#{row}",
            (Line("line", 0, text, kind="baseline"),),
            source="kraken_arrow",
            split=split,
            image=im,
        )
        for row, (text, im, split) in enumerate(rows)
    ]


def test_flags_and_metadata_may_be_missing():
    (page,) = read(arrow(lines_of([("x", b"PNG")]), metadata=None))
    assert (page.split, page.lines[0].text, page.lines[0].kind) == ("", "x", "")


@pytest.mark.parametrize("kind", ["baseline", "bbox"])
def test_lines_have_the_kind_of_the_dataset(kind):
    (page,) = read(arrow(lines_of([("x", b"PNG")]), metadata=metadata(kind)))
    assert page.lines[0].kind == kind


def test_a_bad_row_does_not_affect_the_others():
    rows = [("first", b"PNG"), None, (None, b"PNG"), ("x", None), ("x", b""), ("", b"PNG")]
    first, *failures, last = read(arrow(lines_of(rows)))
    assert (first.lines[0].text, last.lines[0].text) == ("first", "")
    assert [failure.uri for failure in failures] == [f"{URI}#{row}" for row in (1, 2, 3, 4)]
    reasons = ["image", "text", "image", "image"]
    assert all(f"no {reason};" in f.error for f, reason in zip(failures, reasons))


def test_a_row_in_two_splits_fails():
    failure, page = read(arrow(lines_of([("x", b"PNG")] * 2), [{"train", "eval"}, {"train"}]))
    assert "row is in train and validation;" in failure.error and page.split == "train"


def test_a_text_that_is_not_utf8_fails_alone():
    texts = pa.array([b"good", b"\xff", b"\xed\xa0\x80", b"too"]).view(pa.string())
    lines = pa.StructArray.from_arrays([texts, pa.array([b"PNG"] * 4)], ["text", "im"])
    records = read(arrow(lines))
    assert [isinstance(record, Failure) for record in records] == [False, True, True, False]


def test_a_batch_with_invalid_offsets_fails():
    offsets = pa.py_buffer(b"\0\0\0\0\xff\xff\xff\x7f\x02\0\0\0")
    wild = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ab")])
    lines = pa.StructArray.from_arrays([wild, pa.array([b"PNG"] * 2)], ["text", "im"])
    good = lines_of([("x", b"PNG")])
    out = io.BytesIO()
    schema = pa.schema([("lines", LINES)], METADATA)
    with pa.ipc.new_file(out, schema) as writer:
        for array in (lines, good):
            writer.write_batch(pa.record_batch([array], schema=schema))
    failure, page = read(out.getvalue())
    assert failure.uri == f"{URI}#batch_0" and "record batch 0 cannot be read" in failure.error
    assert page.uri == f"{URI}#0"


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"image": [b"PNG"], "words": ["x"]}, "image (binary), words (string)"),
        ({"lines": ["x"]}, "lines (string)"),
        ({"lines": [{"text": "x"}]}, "lines (struct<text: string>)"),
        ({"lines": [{"text": 1, "im": b"PNG"}]}, "lines (struct<"),
    ],
)
def test_wrong_columns_are_listed_with_the_cure(columns, named):
    table = pa.table(columns)
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(ValueError, match=f"{URI}: columns are .*; compile it") as error:
        read(out.getvalue())
    assert named in str(error.value)


@pytest.mark.parametrize("lines", ['{"type": "segmentation"}', "[]", "nonsense", "[" * 9999])
def test_other_datasets_are_refused(lines):
    with pytest.raises(ValueError, match=f"{URI}: holds .*, not lines;"):
        read(arrow(lines_of([("x", b"PNG")]), metadata={"lines": lines}))


WHOLE = arrow(lines_of([("x", b"PNG" * 50)] * 20))


@pytest.mark.parametrize(
    "data",
    [b"", b"ARROW1\0\0", b"\0" * 99, b"ARROW1\0\0" + bytes(99) + b"ARROW1", b"PAR1", b"\x80\x04."],
)
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match=f"{URI}: not a complete Arrow file"):
        read(data)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(kept):
    with pytest.raises(ValueError, match=f"{URI}: not a complete Arrow file"):
        read(WHOLE[: int(len(WHOLE) * kept)])


@given(st.integers(8, len(WHOLE) - 11), st.binary(min_size=1, max_size=8))
def test_damaged_files_give_errors_and_no_crash(place, noise):
    data = WHOLE[:place] + noise + WHOLE[place + len(noise) :]
    try:
        records = read(data)
    except ValueError:
        return
    assert len(records) <= 20


def test_arrow_is_recognised_by_name_or_first_bytes():
    assert is_arrow("x/table", WHOLE[:4096]) and is_arrow("x.arrow", b"")
    assert not is_arrow("x.csv", b"image,text")
