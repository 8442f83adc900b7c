"""Reading Hugging Face datasets in Parquet."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.tables.hugging_face import is_parquet, read_hugging_face
from schemas.records import Failure, Line, Page
from tests.pipelines.formats.memory_files import MemoryFiles

IMAGES = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(st.tuples(st.binary(min_size=1, max_size=20), TEXTS), max_size=40)
URI = "d/data/train-00000-of-00002.parquet"


def parquet(columns, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def struct_rows(rows) -> pa.Array:
    return pa.array([{"bytes": data, "path": path} for data, path in rows], IMAGES)


def read(data: bytes, uri=URI, **images):
    files = MemoryFiles({uri: data, **{f"d/data/{name}": b"PNG" for name in images.values()}})
    return list(read_hugging_face(uri, files))


def line_page(row, image, text, split="train"):
    return Page(
        f"{URI}#{row}", (Line("line", 0, text),), source="hugging_face", split=split, image=image
    )


@given(
    ROWS,
    st.sampled_from(["struct", "binary", "large_binary"]),
    st.sampled_from(["string", "large_string", "dictionary"]),
    st.integers(1, 20),
    st.sampled_from(["text", "Transcription", "label"]),
)
def test_written_data_are_read_back(rows, image_kind, text_kind, group_rows, name):
    if image_kind == "struct":
        images = struct_rows([(data, "x.png") for data, _ in rows])
    else:
        kind = pa.binary() if image_kind == "binary" else pa.large_binary()
        images = pa.array([data for data, _ in rows], kind)
    texts = pa.array([text for _, text in rows], pa.string())
    if text_kind == "dictionary":
        texts = texts.dictionary_encode()
    elif text_kind == "large_string":
        texts = texts.cast(pa.large_string())
    columns = {"id": pa.array(range(len(rows))), name: texts, "image": images}
    expected = [line_page(row, data, text) for row, (data, text) in enumerate(rows)]
    assert read(parquet(columns, row_group_size=group_rows)) == expected


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("validation-00000-of-00001.parquet", "eval"),
        ("test.parquet", "test"),
        ("val-00000-of-00001-472467affea948eb.parquet", "eval"),
        ("0000.parquet", ""),
    ],
)
def test_the_file_name_contains_the_split(name, split):
    data = parquet({"image": struct_rows([(b"PNG", None)]), "text": ["x"]})
    (page,) = read(data, f"d/data/{name}")
    assert page.split == split


def test_a_row_without_image_or_text_fails_alone():
    images = struct_rows([(b"PNG", None), (None, None), (b"", ""), (b"PNG", None), (b"PNG", None)])
    texts = ["first", "x", "x", None, ""]
    first, *failures, last = read(parquet({"image": images, "text": texts}))
    assert (first.lines[0].text, last.lines[0].text) == ("first", "")
    assert [failure.uri for failure in failures] == [f"{URI}#{row}" for row in (1, 2, 3)]
    assert ["no image" in failures[0].error, "no text" in failures[2].error] == [True, True]


def test_an_image_may_be_a_file_in_the_same_folder_only():
    images = struct_rows([(None, "a.png"), (None, "gone.png"), (None, "../../etc/passwd")])
    data = parquet({"image": images, "text": ["x", "y", "z"]})
    page, missing, climbing = read(data, image="a.png")
    assert (page.uri, page.image) == ("d/data/a.png", b"")
    assert missing.stage == "pair" and "'gone.png'" in missing.error
    assert climbing.stage == "read" and "leads out of d/data" in climbing.error


def test_a_text_that_is_not_utf8_fails_alone():
    texts = pa.array([b"good", b"\xff\xfe", b"\xed\xa0\x80", b"too"]).view(pa.string())
    records = read(parquet({"image": [b"PNG"] * 4, "text": texts}))
    assert [isinstance(record, Failure) for record in records] == [False, True, True, False]
    assert "not UTF-8" in records[1].error


@pytest.mark.parametrize(
    "columns",
    [
        {"pixels": [b"PNG"], "text": ["x"]},
        {"image": [b"PNG"], "words": ["x"]},
        {"image": [7], "text": ["x"]},
        {"image": [b"PNG"], "label": [7]},
        {"image": [{"bytes": [1, 2]}], "text": ["x"]},
    ],
)
def test_wrong_columns_are_listed_with_the_cure(columns):
    with pytest.raises(ValueError, match=f"{URI}: columns are .*; name one 'image'") as error:
        read(parquet(columns))
    assert all(f"{name} (" in str(error.value) for name in columns)


WHOLE = parquet({"image": [b"PNG" * 50] * 20, "text": ["x"] * 20}, row_group_size=5)


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"\0" * 99, b"PAR1" + bytes(99) + b"PAR1", b"a,b\n"]
)
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match=f"{URI}: not a complete Parquet file"):
        read(data)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(kept):
    with pytest.raises(ValueError, match=f"{URI}: not a complete Parquet file"):
        read(WHOLE[: int(len(WHOLE) * kept)])


def test_a_damaged_row_group_does_not_affect_the_others():
    data = parquet(
        {"image": [bytes([row]) * 50 for row in range(20)], "text": ["x"] * 20},
        row_group_size=5,
        use_dictionary=False,
        compression="none",
    )
    start = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(0).data_page_offset
    records = read(data[:start] + b"\xff" * 40 + data[start + 40 :])
    failures = [record for record in records if isinstance(record, Failure)]
    pages = [record for record in records if isinstance(record, Page)]
    assert [failure.uri for failure in failures] == [f"{URI}#5"]
    assert "rows 5 to 9 cannot be read" in failures[0].error
    assert [int(page.uri.split("#")[1]) for page in pages] == [*range(5), *range(10, 20)]


def test_values_that_unpack_to_many_times_their_size_fail_before_they_are_read(monkeypatch):
    monkeypatch.setattr("pipelines.formats.tables.hugging_face._MOST_INFLATED_BYTES", 1 << 16)
    strip, zeros = b"png", bytes(1 << 18)
    rows = {"image": [strip, zeros, zeros, strip], "text": list("abcd")}
    out = io.BytesIO()
    table = pa.table(rows, pa.schema({"image": pa.binary(), "text": pa.string()}))
    pq.write_table(table, out, compression="zstd", row_group_size=1)
    files = MemoryFiles({"t.parquet": out.getvalue()})
    records = list(read_hugging_face("t.parquet", files))
    assert [record.uri for record in records] == [f"t.parquet#{row}" for row in range(4)]
    faults = [record.error for record in records if isinstance(record, Failure)]
    assert len(faults) == 2 and all("unpack from 0 KB to 0 MB; store" in one for one in faults)


def test_parquet_is_recognised_by_name_or_first_bytes():
    assert is_parquet("x/table", WHOLE[:4096]) and is_parquet("x.parquet", b"")
    assert not is_parquet("x.csv", b"image,text")
