"""Reading label tables: CSV and TSV."""

import csv
import io
import posixpath
import unicodedata
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.labels.read import is_label_table, read_labels
from pipelines.formats.tables.columns import BY_NAME, TableColumns
from pipelines.formats.text_lines import LONGEST_LINE_BYTES
from schemas.records import Failure, Line, Page
from tests.pipelines.formats.memory_files import MemoryFiles, endless_file

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NAMES = st.text("ab é._-", min_size=1, max_size=8).map(
    lambda stem: unicodedata.normalize("NFC", f"x{stem}.png")
)
WORDS = st.text("abc", max_size=5)
RECORDS = st.lists(st.tuples(NAMES, TEXTS, st.sampled_from(["", "train", "test"]), WORDS))
IMAGE = b"PNG"


def label_page(uri, text, split="", writer=""):
    return Page(uri, (Line("line", 0, text),), source="labels", split=split, writer=writer)


def read(table: bytes, images=(), uri="d/labels.csv", columns=BY_NAME):
    files = MemoryFiles({uri: table, **dict.fromkeys(images, IMAGE)})
    return list(read_labels(uri, files, columns))


def good_and_bad(records):
    pages = [record for record in records if isinstance(record, Page)]
    return pages, [record for record in records if isinstance(record, Failure)]


@given(
    RECORDS,
    st.sampled_from(",;\t|"),
    st.booleans(),
    st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\n")]),
)
def test_written_data_are_read_back(records, delimiter, has_mark, style):
    quoting, line_end = style
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerows([("Image Path", "split", "TEXT", "writer-id")])
    writer.writerows((name, split, text, hand) for name, text, split, hand in records)
    table = out.getvalue().encode("utf-8-sig" if has_mark else "utf-8")
    expected = [label_page(f"d/{name}", text, split, hand) for name, text, split, hand in records]
    assert read(table, [page.uri for page in expected]) == expected


@given(st.lists(st.tuples(NAMES, TEXTS), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_quotes_are_literal_in_a_table_without_header(records, line_end):
    records = [(name, text.translate(str.maketrans("\t\r\n", "   "))) for name, text in records]
    table = "".join(f"{name}\t{text}{line_end}" for name, text in records).encode()
    expected = [label_page(f"d/{name}", text) for name, text in records]
    assert read(table, [page.uri for page in expected], "d/list.txt") == expected


@pytest.mark.parametrize(
    "header",
    ["FILENAME,IDENTITY", "path,label", "file_name;sentence", "img\ttranscript", "image|gt"],
)
def test_columns_and_delimiter_are_found_in_the_header(header):
    delimiter = next(character for character in header if character in ",;\t|")
    table = f"{header}\na.png{delimiter}Audience\n".encode()
    assert read(table, ["d/a.png"]) == [label_page("d/a.png", "Audience")]


def test_columns_can_be_set_by_the_caller():
    table = b"id,scan,text,reading\n1,a.png,no,yes\n"
    columns = TableColumns(image="scan", text="reading", delimiter=",")
    assert read(table, ["d/a.png"], columns=columns) == [label_page("d/a.png", "yes")]


@pytest.mark.parametrize(
    "table", [b"scan,reading\na.png,x\n", b"a.png,x,y\n", b"<html>\n", b"text\n"]
)
def test_wrong_columns_are_listed_with_the_cure(table):
    with pytest.raises(
        ValueError,
        match="d/labels.csv: columns are .*; in the first line, name the column of images",
    ) as error:
        read(table)
    assert table.decode().splitlines()[0].replace(",", ", ") in str(error.value)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"", "file is empty"),
        (b"\r\n\n \n", "file is empty"),
        (b"\xff\xfei\0m\0a\0g\0e\0,\0", "line 1 is not UTF-8"),
        (b"\x1f\x8b\x08\0\0\0", "line 1 is not UTF-8"),
        (b"image,text\0\na,b\n", "NUL"),
        (b"image,text\ra.png,x\r", "first line is not a valid row"),
        (b"a" * (LONGEST_LINE_BYTES + 9), "longer than"),
    ],
)
def test_other_files_are_refused(table, reason):
    with pytest.raises(ValueError, match=f"d/labels.csv: .*{reason}"):
        read(table)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'b.png,"open', "does not start a valid row"),
        (b'b.png,"shut" and on', "does not start a valid row"),
        (b"b.png,a,b", "has 3 columns, not 2; put quotes"),
        (b"b.png", "has 1 columns, not 2"),
        (b"b.png,\xff\xfe", "line 3 is not UTF-8"),
        (b"b.png,\xed\xa0\x80", "line 3 is not UTF-8"),
        (b"b.png,a\0b", "NUL"),
        (b"b.png," + b"x" * (2 * LONGEST_LINE_BYTES), "line 3 is longer than"),
        (b",text", "row names no image"),
        (b"../../etc/passwd,root", "leads out of d"),
        (b"/etc/passwd,root", "leads out of d"),
        (b"..\\..\\etc\\passwd,root", "leads out of d"),
        (b"images/../../b.png,x", "leads out of d"),
    ],
)
def test_a_bad_row_does_not_affect_the_others(row, reason):
    table = b'image,text\na.png,"first, and one"\n' + row + b"\nc.png,third\n"
    pages, failures = good_and_bad(read(table, ["d/a.png", "d/b.png", "d/c.png"]))
    assert [page.lines[0].text for page in pages] == ["first, and one", "third"]
    (failure,) = failures
    assert (failure.uri, failure.stage) == ("d/labels.csv#3", "read")
    assert reason in failure.error and ";" in failure.error


def test_a_label_of_several_lines_that_is_not_utf8_fails_once():
    table = b'image,text\na.png,"one\n\xff\nthree"\nc.png,x\n'
    pages, failures = good_and_bad(read(table, ["d/a.png", "d/c.png"]))
    assert [page.uri for page in pages] == ["d/c.png"]
    assert [failure.uri for failure in failures] == ["d/labels.csv#2"]


def test_a_missing_image_is_an_incomplete_pair():
    pages, failures = good_and_bad(read(b"image,text\ngone.png,x\n"))
    assert not pages
    assert failures[0].stage == "pair" and "'gone.png' is not in d; put it" in failures[0].error


def test_an_empty_label_stays_empty():
    assert read(b"image,text\na.png,\n", ["d/a.png"]) == [label_page("d/a.png", "")]


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("a.png", "d/images/a.png"),
        ("a.png", "d/labels/a.png"),
        ("sub\\a.png", "d/sub/a.png"),
        ("d/sub/a.png", "d/sub/a.png"),
        ("a", "d/a.jpg"),
        ("é.png", unicodedata.normalize("NFD", "d/é.png")),
    ],
)
def test_images_are_found_beneath_the_table(named, there):
    (page,) = read(f"image,text\n{named},x\n".encode(), [there])
    assert page.uri == there


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("./\\ax:~"))
def test_no_path_outside_the_folder_is_tried(name):
    table = 'image,text\n"{}",x\n'.format(name.replace('"', '""'))
    files = MemoryFiles({"d/labels.csv": table.encode()})
    assert all(isinstance(record, Failure) for record in read_labels("d/labels.csv", files))
    assert all(posixpath.normpath(uri).startswith("d/") for uri in files.asked)


@pytest.mark.parametrize(
    ("uri", "split"),
    [("d/train_list.txt", "train"), ("d/val_list.txt", "eval"), ("d/labels.txt", "")],
)
def test_the_file_name_may_contain_the_split(uri, split):
    (page,) = read(b"a.png\tx\n", ["d/a.png"], uri)
    assert page.split == split


def test_an_endless_table_is_read_row_by_row():
    rows = b'a.png,"x, ""y""\nz"\nb.png,\xff\n'
    files = MemoryFiles({"d/l.csv": endless_file(b"image,text\n", rows), "d/a.png": IMAGE})
    pages, failures = good_and_bad(list(islice(read_labels("d/l.csv", files), 4000)))
    assert len(pages) == len(failures) == 2000
    assert {page.lines[0].text for page in pages} == {'x, "y"\nz'}


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_pages_or_errors(data):
    files = MemoryFiles({"d/l.csv": b"image,text\n" + data})
    assert all(isinstance(record, Failure) for record in read_labels("d/l.csv", files))


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("x/train.CSV", b"", True),
        ("x.tsv", b"anything", True),
        ("x/lines.txt", b"\xef\xbb\xbflines/1.png\tAudience du 3\n", True),
        ("x/page.gt.txt", b"Audience du 3 mai", False),
        ("x/lines.txt", b"a01-000u-00 ok 154 19 408 746 1661 89 A|MOVE\n", False),
        ("x.md", b"lines/1.png\tAudience\n", False),
    ],
)
def test_label_tables_are_recognised_by_name_and_content(name, head, expected):
    assert is_label_table(name, head) is expected
