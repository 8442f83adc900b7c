"""`python -m pipelines.transcribe` and `query`, through their mains."""

import csv
import io
import json

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.query import main as query
from pipelines.transcribe import main
from schemas.tables import SCHEMA_VERSION, TABLES
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_bad_files, write_page, write_pair, write_thin_line

DIRECT = ["--runner", "DirectRunner"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_fake_bundle(tmp_path_factory.mktemp("model") / "m")


def transcribe(inputs, model, output, *flags):
    paths = ["--input", *map(str, inputs), "--model", str(model), "--output", str(output)]
    return main([*paths, *DIRECT, *flags])


def rows(output, table):
    """Read a table of all runs, without the columns that differ from run to run."""
    found = [row for path in output.glob(f"{table}/**/*.parquet") for row in read_rows(path)]
    for row in found:
        row.pop("seconds", None), row.pop("collection", None)
    return sorted(found, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def read_rows(path):
    return pq.ParquetFile(path).read().to_pylist()


def without_run_id(found):
    return [{name: value for name, value in row.items() if name != "run_id"} for row in found]


def test_given_lines_become_rows_of_four_tables(tmp_path, model, capsys):
    for name in ("p1", "p2"):
        write_page(tmp_path / "archive", name)
    out = tmp_path / "out"
    assert transcribe([tmp_path / "archive" / "*.jpg"], model, out) == 0
    assert (
        "pages: 2 in = 2 ok + 0 failed + 0 skipped\nlines: 6 in = 6 ok" in capsys.readouterr().out
    )
    for row in rows(out, "lines"):
        assert row["text"] == "".join(c["text"] for c in row["characters"]) != ""
        assert 0 < row["confidence"] <= 1 and len(row["polygon"]) == 4
    pages = rows(out, "pages")
    assert [(p["status"], p["lines_source"], p["lines_ok"]) for p in pages] == [
        ("ok", "page", 3)
    ] * 2
    assert all(len(p["sha256"]) == 64 and p["width_px"] == 640 for p in pages)
    (run,) = rows(out, "runs")
    assert (run["pages_in"], run["lines_ok"], len(run["model_digest"])) == (2, 6, 64)
    for table in TABLES:
        for path in (out / table).glob("**/*.parquet"):
            assert pq.read_schema(path).metadata[b"quire.schema_version"] == SCHEMA_VERSION.encode()


def test_rows_do_not_depend_on_workers_or_the_order_of_the_input(tmp_path, model):
    for i in range(4):
        write_page(tmp_path / "archive", f"p{i}")
    images = sorted((tmp_path / "archive").glob("*.jpg"))
    assert transcribe(images, model, tmp_path / "a") == 0
    assert transcribe(reversed(images), model, tmp_path / "b") == 0
    workers = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
    assert transcribe(images, model, tmp_path / "c", *workers) == 0
    assert transcribe(images, model, tmp_path / "d", "--jobs", "3") == 0
    for table in ("lines", "pages", "failures"):
        expected = without_run_id(rows(tmp_path / "a", table))
        for other in "bcd":
            assert without_run_id(rows(tmp_path / other, table)) == expected


def test_each_bad_page_is_a_failure_and_the_others_are_read(tmp_path, model, capsys):
    archive = tmp_path / "archive"
    write_bad_files(archive)
    write_thin_line(archive)
    write_page(archive, "good")
    (archive / "broken_xml.jpg").write_bytes((archive / "good.jpg").read_bytes())
    (archive / "broken_xml.xml").write_text("<PcGts>")
    assert transcribe([archive / "*.jpg", archive / "*.xml"], model, tmp_path / "out") == 3
    assert "failed, more than --max_failure_rate" in capsys.readouterr().err
    failed = {f["uri"].rsplit("/")[-1]: f for f in rows(tmp_path / "out", "failures")}
    assert {name: f["stage"] for name, f in failed.items()} == {
        "truncated.jpg": "read",
        "broken_xml.jpg": "read",
        "thin.jpg": "crop",
    }
    assert "broken_xml.xml: XML is not well-formed" in failed["broken_xml.jpg"]["error"]
    pages = {p["page_uri"].rsplit("/")[-1]: p for p in rows(tmp_path / "out", "pages")}
    assert pages["thin.jpg"]["status"] == "ok"
    assert (pages["thin.jpg"]["lines_ok"], pages["thin.jpg"]["lines_failed"]) == (2, 1)
    assert (pages["no_lines.jpg"]["status"], pages["no_lines.jpg"]["lines_ok"]) == ("ok", 0)
    assert pages["good.xml"]["status"] == "skipped"
    assert pages["truncated.jpg"]["status"] == "failed"
    assert len(rows(tmp_path / "out", "lines")) == 3 + 2


def test_a_line_image_is_read_as_one_line(tmp_path, model):
    write_pair(tmp_path / "a", "one", "acte de mariage")
    assert transcribe([tmp_path / "a" / "*.png"], model, tmp_path / "out", "--lines", "whole") == 0
    (row,) = rows(tmp_path / "out", "lines")
    assert row["text"] and row["baseline"] == []


def test_lines_are_found_where_none_are_given(tmp_path, model):
    write_page(tmp_path / "a", "p")
    (tmp_path / "a" / "p.xml").unlink()
    assert transcribe([tmp_path / "a"], model, tmp_path / "out") == 0
    (page,) = rows(tmp_path / "out", "pages")
    assert (page["lines_source"], page["lines_ok"]) == ("finder", 3)


def test_a_page_without_given_lines_fails_with_lines_given(tmp_path, model):
    write_page(tmp_path / "a", "p")
    (tmp_path / "a" / "p.xml").unlink()
    assert transcribe([tmp_path / "a"], model, tmp_path / "out", "--lines", "given") == 3
    (failure,) = rows(tmp_path / "out", "failures")
    assert "no PAGE or ALTO file beside it" in failure["error"]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--input", "nowhere", "--model", "m", "--output", "o"], "nowhere: no such file"),
        (["--input", "a", "--model", "none", "--output", "o"], "no charset.json"),
        (
            ["--input", "a", "--model", "m", "--output", "a"],
            "a holds files that transcribe did not write; give another --output",
        ),
        (
            ["--input", "a", "--model", "m", "--output", "o", "--page_time_limit_s", "-1"],
            "--page_time_limit_s -1.0 is not a time limit",
        ),
    ],
)
def test_invalid_flags_are_one_line_and_status_2(tmp_path, monkeypatch, capsys, flags, reason):
    monkeypatch.chdir(tmp_path)
    write_page(tmp_path / "a", "p")
    write_fake_bundle(tmp_path / "m")
    assert main([*flags, *DIRECT]) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.count("\n") == 1
    assert not (tmp_path / "o").exists()


@pytest.fixture(scope="module")
def transcripts(tmp_path_factory, model):
    folder = tmp_path_factory.mktemp("transcripts")
    write_page(folder / "archive", "p1")
    assert transcribe([folder / "archive" / "*.jpg"], model, folder / "out") == 0
    return folder / "out"


QUERY = "SELECT line_index, text, confidence FROM lines ORDER BY line_index"


def test_query_prints_a_table_csv_or_json(transcripts, capsys):
    expected = [
        row["text"] for row in sorted(rows(transcripts, "lines"), key=lambda r: r["line_index"])
    ]

    def printed(*flags):
        assert query(["--transcripts", str(transcripts), *flags, QUERY]) == 0
        return capsys.readouterr().out

    table = printed().splitlines()
    assert table[0].split() == ["line_index", "text", "confidence"] and len(table) == 5
    assert all(text in line for text, line in zip(expected, table[2:]))
    found = list(csv.DictReader(io.StringIO(printed("--format", "csv"))))
    assert [row["text"] for row in found] == expected
    lines = printed("--format", "jsonl").splitlines()
    assert [json.loads(line)["text"] for line in lines] == expected


NESTED = {"text": "é", "place": [1, None], "day": "2026-01-02"}


def test_lists_and_structs_are_json_in_every_format(transcripts, capsys):
    def printed(format_name, sql):
        flags = ["--transcripts", str(transcripts), "--format", format_name]
        assert query([*flags, sql]) == 0
        return capsys.readouterr().out.rstrip("\n").splitlines()[-1]

    sql = "SELECT {text: 'é', place: [1, NULL], day: DATE '2026-01-02'} AS x, 'a, \"b\"' AS y"
    row = next(csv.reader([printed("csv", sql)]))
    assert json.loads(row[0]) == NESTED and row[1] == 'a, "b"'
    assert json.loads(printed("jsonl", sql)) == {"x": NESTED, "y": 'a, "b"'}
    assert printed("table", sql).startswith('{"text": "é", "place": [1, null]')
    sql = "SELECT characters FROM lines"
    (cell,) = next(csv.reader([printed("csv", sql)]))
    assert [*json.loads(cell)[0]] == ["text", "confidence", "alternatives"]


def test_values_that_json_cannot_represent_are_converted(transcripts, capsys):
    sql = "SELECT MAP {DATE '2026-01-02': ['nan'::FLOAT, 0.5]} AS x, 'inf'::FLOAT AS y"
    assert query(["--transcripts", str(transcripts), "--format", "jsonl", sql]) == 0
    assert json.loads(capsys.readouterr().out) == {"x": {"2026-01-02": [None, 0.5]}, "y": None}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_a_view(transcripts, capsys, table):
    assert query(["--transcripts", str(transcripts), f"SELECT count(*) AS n FROM {table}"]) == 0
    assert capsys.readouterr().out.startswith("n\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELEC", "query: Parser Error"),
        ("SELECT x FROM lines", "query: "),
        ("SET VARIABLE x = 1", "no rows"),
        ("SET threads = 1", "configuration has been locked"),
    ],
)
def test_an_invalid_query_is_one_line(transcripts, capsys, text, reason):
    assert query(["--transcripts", str(transcripts), text]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


def test_a_folder_without_a_finished_run_is_rejected(tmp_path, capsys):
    assert query(["--transcripts", str(tmp_path / "no"), "SELECT 1"]) == 2
    assert query(["--transcripts", str(tmp_path), "SELECT 1"]) == 2
    assert "no table runs" in capsys.readouterr().err


def test_the_tables_are_plain_parquet(transcripts):
    count = duckdb.sql(f"SELECT count(*) FROM '{transcripts}/lines/*/*.parquet'").fetchone()
    assert count == (3,)
