"""What a query may open and write, and the files that its rows are saved as."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.query import main
from tests.pipelines.written_tables import page, write_run

REPOSITORY = Path(__file__).parents[2]
TEXTS = ["=1+1", "le 5 mai", "-dit-il", "a]]>b<script>"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        {"page_uri": "a.jpg", "line_id": f"l{n}", "text": text, "confidence": n / 4}
        for n, text in enumerate(TEXTS)
    ]
    write_run(tmp_path / "it's", {"run_id": "r-1"}, pages=[page("a.jpg")], lines=lines)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    return tmp_path / "it's"


def ask(folder, query, *flags):
    return main(["--transcripts", str(folder), query, *flags])


def files_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('secret.csv')",
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM glob('*')",
        "SELECT * FROM sys",
        "SELECT * FROM read_parquet('https://example.org/a.parquet')",
        "INSTALL httpfs",
        "ATTACH 'new.db'",
        "COPY pages TO 'new.csv'",
        "COPY pages TO '{page}' (FORMAT parquet, USE_TMP_FILE false)",
        "EXPLAIN ANALYZE COPY pages TO '{page}' (FORMAT parquet, USE_TMP_FILE false)",
        "PREPARE p AS COPY pages TO '{page}' (USE_TMP_FILE false); EXECUTE p",
        "EXPORT DATABASE 'new'",
        "SET enable_external_access = true; SELECT * FROM 'secret.csv'",
        "SET allowed_paths = ['secret.csv']; SELECT * FROM 'secret.csv'",
    ],
)
def test_a_query_opens_nothing_but_the_tables(folder, capsys, query):
    (path,) = folder.glob("pages/*/*.parquet")
    before = files_in(folder.parent)
    assert ask(folder, query.format(page=str(path).replace("'", "''"))) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("query: "), error
    assert files_in(folder.parent) == before


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TEMP TABLE t AS SELECT * FROM pages; SELECT page_uri FROM t",
        "WITH p AS (FROM pages) SELECT page_uri FROM p",
        "SET VARIABLE x = 'a.jpg'; SELECT page_uri FROM pages WHERE page_uri = getvariable('x')",
        "DESCRIBE pages",
    ],
)
def test_what_stays_in_memory_is_allowed(folder, capsys, query):
    assert ask(folder, query) == 0
    assert "page_uri" in capsys.readouterr().out


def test_files_are_opened_where_that_is_allowed(folder, capsys):
    assert ask(folder, "SELECT a + 1 AS b FROM 'secret.csv'", "--allow_files") == 0
    assert capsys.readouterr().out.split() == ["b", "-", "2"]
    assert ask(folder, "COPY pages TO 'new.csv'; SELECT 1 AS c", "--allow_files") == 0
    assert (folder.parent / "new.csv").is_file()


SELECT = "SELECT text, confidence, [1, 2] AS both FROM lines ORDER BY line_id"


def test_rows_are_saved_as_parquet(folder, capsys):
    assert ask(folder, SELECT, "--save", "rows.parquet") == 0
    assert capsys.readouterr().out == "rows.parquet: 4 rows\n"
    rows = pq.read_table("rows.parquet").to_pydict()
    assert rows["text"] == TEXTS and rows["confidence"] == [0, 0.25, 0.5, 0.75]
    assert rows["both"] == [[1, 2]] * 4


def test_rows_are_saved_as_sheets_that_compute_nothing(folder):
    assert ask(folder, SELECT, "--save", "rows.csv") == 0
    text = (folder.parent / "rows.csv").read_text("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["text", "confidence", "both"]
    assert [row[0] for row in rows] == ["'=1+1", "le 5 mai", "'-dit-il", "a]]>b<script>"]
    assert rows[1][1:] == ["0.25", "[1, 2]"]
    assert ask(folder, SELECT, "--save", "rows.xlsx") == 0
    with zipfile.ZipFile("rows.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert ">=1+1<" in sheet and "a]]&gt;b&lt;script&gt;" in sheet and "<v>0.25</v>" in sheet


@pytest.mark.parametrize("path", ["rows.txt", "nowhere/rows.csv", "no_ending"])
def test_what_cannot_be_saved_is_said_first(folder, capsys, path):
    assert ask(folder, SELECT, "--save", path) == 2
    assert capsys.readouterr().err.startswith(f"--save {path}: ")


def test_a_query_that_fails_leaves_no_file_and_the_old_one(folder, capsys):
    (folder.parent / "rows.csv").write_text("old")
    before = files_in(folder.parent)
    assert ask(folder, "SELECT error(text) FROM lines", "--save", "rows.csv") == 2
    assert files_in(folder.parent) == before


def test_csv_into_a_file_computes_nothing_unless_told(folder, monkeypatch):
    def texts(*flags):
        with open("out.csv", "w") as out:
            monkeypatch.setattr(sys, "stdout", out)
            assert ask(folder, "SELECT text FROM lines", "--format", "csv", *flags) == 0
        monkeypatch.undo()
        monkeypatch.chdir(folder.parent)
        with open("out.csv", newline="") as file:
            return sorted(row[0] for row in list(csv.reader(file))[1:])

    assert texts() == sorted(["'=1+1", "le 5 mai", "'-dit-il", "a]]>b<script>"])
    assert texts("--no-safe_csv") == sorted(TEXTS)


def test_csv_for_a_program_is_as_it_is(folder, capsys):
    assert ask(folder, "SELECT text FROM lines", "--format", "csv") == 0
    assert sorted(capsys.readouterr().out.splitlines()[1:]) == sorted(TEXTS)
    assert ask(folder, "SELECT text FROM lines", "--format", "csv", "--safe_csv") == 0
    assert "'=1+1" in capsys.readouterr().out


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
def test_an_interrupted_query_ends_in_one_line(folder, number, status):
    long = "SELECT i FROM range(1000000000000) a(i)"
    command = [sys.executable, "-m", "pipelines.query", "--transcripts", str(folder), long]
    process = subprocess.Popen(
        [*command, "--format", "csv"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "i\n"
    process.send_signal(number)
    _, error = process.communicate(timeout=120)
    assert (process.returncode, error) == (status, "interrupted\n")
