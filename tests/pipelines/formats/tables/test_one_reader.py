"""The same rows as CSV, TSV, Parquet and Arrow give the same lines."""

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.formats.labels.read import read_labels
from pipelines.formats.tables.columns import BY_NAME, TableColumns
from pipelines.formats.tables.hugging_face import read_hugging_face
from pipelines.formats.tables.kraken_arrow import read_kraken_arrow
from schemas.records import Failure
from tests.pipelines.formats.memory_files import MemoryFiles


def csv_bytes(rows, delimiter=","):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue().encode()


def parquet_bytes(rows):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def arrow_bytes(rows, new=pa.ipc.new_file):
    table = pa.Table.from_pylist(rows)
    out = io.BytesIO()
    with new(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return out.getvalue()


FORMATS = {
    "csv": ("csv", csv_bytes, read_labels),
    "tsv": ("tsv", lambda rows: csv_bytes(rows, "\t"), read_labels),
    "parquet": ("parquet", parquet_bytes, read_hugging_face),
    "arrow file": ("arrow", arrow_bytes, read_kraken_arrow),
    "arrow stream": ("arrow", lambda rows: arrow_bytes(rows, pa.ipc.new_stream), read_kraken_arrow),
    "stream as hugging_face": (
        "arrow",
        lambda rows: arrow_bytes(rows, pa.ipc.new_stream),
        read_hugging_face,
    ),
}
every_format = pytest.mark.parametrize("format_name", FORMATS)


def read(format_name, rows, columns=BY_NAME, name="labels", images=None, siblings=()):
    extension, write, reader = FORMATS[format_name]
    uri = f"d/{name}.{extension}"
    images = ["1.png", "2.png", "3.png"] if images is None else images
    there = [f"d/{image}" for image in images]
    there += [f"d/{sibling}.{extension}" for sibling in siblings]
    files = MemoryFiles({uri: write(rows), **dict.fromkeys(there, b"PNG")})
    return list(reader(uri, files, columns))


def rows_of(*images, **fields):
    return [{"image": name, "text": f"texte {name}", **fields} for name in images]


@every_format
def test_all_columns_are_read(format_name):
    rows = [
        {"file_name": "1.png", "text": "un", "split": "train", "writer": "A", "document": "d1"},
        {"file_name": "2.png", "text": "", "split": "Validation", "writer": "B", "document": ""},
        {"file_name": "3.png", "text": "trois", "split": "", "writer": "", "document": "d3"},
    ]
    pages = read(format_name, rows, name="test")
    assert [(p.uri, p.lines[0].text, p.split, p.writer, p.document) for p in pages] == [
        ("d/1.png", "un", "train", "A", "d1"),
        ("d/2.png", "", "eval", "B", ""),
        ("d/3.png", "trois", "test", "", "d3"),
    ]
    assert [page.split_by for page in pages] == ["column split"] * 2 + ["file name test"]


@every_format
def test_writers_may_be_numbers(format_name):
    rows = [{"path": "1.png", "gt": "a", "writer_id": 7}, {"path": "2.png", "gt": "b"}]
    rows[1]["writer_id"] = None if "csv" not in format_name and "tsv" not in format_name else ""
    assert [page.writer for page in read(format_name, rows)] == ["7", ""]


@every_format
@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("fichier", "texte"),
        ("Nom de fichier", "Vérité terrain"),
        ("Chemin", "Transcription"),
        ("Datei", "Abschrift"),
        ("Bildpfad", "Transkription"),
        ("archivo", "texto"),
        ("Imagen", "Transcripción"),
        ("FILENAME", "IDENTITY"),
    ],
)
def test_headers_of_other_languages_are_known(format_name, image, text):
    (page,) = read(format_name, [{image: "1.png", text: "un"}])
    assert (page.uri, page.lines[0].text) == ("d/1.png", "un")


@every_format
def test_columns_of_other_names_are_given_by_the_user(format_name):
    rows = [{"scan": "1.png", "text": "no", "reading": "yes", "part": "test", "by": "A"}]
    columns = TableColumns("scan", "reading", "part", "by")
    (page,) = read(format_name, rows, columns)
    found = (page.uri, page.lines[0].text, page.split, page.writer)
    assert found == ("d/1.png", "yes", "test", "A")
    with pytest.raises(ValueError, match="'teil' among scan, text, .*; check --split_column"):
        read(format_name, rows, TableColumns("scan", "reading", "teil"))


@every_format
def test_unknown_headers_are_listed_with_flags_that_exist(format_name):
    with pytest.raises(ValueError, match="columns are .*give --image_column and --text_column"):
        read(format_name, [{"scan": "1.png", "reading": "un"}])


@every_format
@pytest.mark.parametrize(
    ("named", "there", "uri"),
    [
        ("1.png", "1.png", "d/1.png"),
        ("1.jpg", "1.JPG", "d/1.JPG"),
        ("1.JPG", "1.jpg", "d/1.jpg"),
        ("1.tif", "1.png", "d/1.png"),
        ("a%20b.png", "a b.png", "d/a b.png"),
        ("s.tif#page=2", "s.tif", "d/s.tif#page=2"),
        ("1", "images/1.PNG", "d/images/1.PNG"),
    ],
)
def test_images_are_found_by_other_spellings(format_name, named, there, uri):
    (page,) = read(format_name, rows_of(named), images=[there])
    assert page.uri == uri


@every_format
def test_an_image_of_two_kinds_is_ambiguous(format_name):
    (failure,) = read(format_name, rows_of("1.jpg"), images=["1.png", "1.tif"])
    assert "may be d/1.png or d/1.tif; name it" in failure.error


@every_format
@pytest.mark.parametrize("name", ["../x.png", "/etc/x.png", "%2e%2e/x.png", "", "gone.png"])
def test_a_row_without_its_image_fails_alone(format_name, name):
    failure, page = read(format_name, rows_of(name, "1.png"))
    assert isinstance(failure, Failure) and page.uri == "d/1.png"


@every_format
@pytest.mark.parametrize(
    ("name", "siblings", "split"),
    [
        ("train", (), "train"),
        ("val_list", (), "eval"),
        ("test-00000-of-00002", (), "test"),
        ("val-de-marne", (), ""),
        ("le-val", (), ""),
        ("names_train_v2", (), ""),
        ("names_train_v2", ("names_validation_v2",), "train"),
        ("Names_Test", ("Names_Train",), "test"),
    ],
)
def test_only_a_whole_file_name_or_one_of_several_is_a_split(format_name, name, siblings, split):
    (page,) = read(format_name, rows_of("1.png"), name=name, siblings=siblings)
    assert page.split == split


def test_a_stream_that_was_cut_off_is_told():
    data = arrow_bytes(rows_of("1.png", "2.png", "3.png"), pa.ipc.new_stream)
    images = dict.fromkeys(["d/1.png", "d/2.png", "d/3.png"], b"PNG")
    for cut, what in ((8, "no end mark"), (100, "record batch 1 cannot be read")):
        files = MemoryFiles({"d/l.arrow": data[:-cut], **images})
        *pages, failure = read_kraken_arrow("d/l.arrow", files)
        assert len(pages) == (3 if cut == 8 else 2) and what in failure.error


@pytest.mark.parametrize("message", ["Unrecognized type:23", "Not yet implemented: DecodeArrow"])
def test_what_this_pyarrow_does_not_know_is_told_with_a_way_around(monkeypatch, message):
    def refuse(*_, **__):
        raise pa.ArrowInvalid(message)

    monkeypatch.setattr(pq, "ParquetFile", refuse)
    monkeypatch.setattr(pa.ipc, "open_file", refuse)
    for format_name in ("parquet", "arrow file"):
        with pytest.raises(ValueError, match="cannot read one of its types.*write the table again"):
            read(format_name, rows_of("1.png"))
