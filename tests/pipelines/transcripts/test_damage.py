"""Damaged Parquet files of the tables: one line that names the file and the cure."""

import json

import duckdb
import pytest

from pipelines.archive.folder import Archive
from pipelines.archive.state import read_state
from pipelines.cli.options import UsageError
from pipelines.export import main as export
from pipelines.query import main as query
from pipelines.transcripts.files import damaged_file
from schemas.tables import TABLES
from tests.pipelines.written_tables import page, write_run


def truncated(data):
    return data[: len(data) // 2]


def overwritten(data):
    """Damage the rows; the footer, at the end of the file, can still be read."""
    return data[:4] + b"\xff" * (len(data) // 4) + data[4 + len(data) // 4 :]


def renamed(data):
    """Change a letter in the name of a column."""
    return data.replace(b"run_id", b"ruo_id")


DAMAGES = {
    "renamed": renamed,
    "a name that is not UTF-8": lambda data: data.replace(b"run_id", b"\xf3un_id"),
    "empty": lambda data: b"",
    "truncated": truncated,
    "something else": lambda data: b"<html>" + b" " * 99,
    "overwritten": overwritten,
}


@pytest.fixture
def folder(tmp_path):
    for run_id in ("r-1", "r-2"):
        names = [f"{run_id}-{number}.jpg" for number in range(200)]
        lines = [{"page_uri": name, "line_id": "l", "text": name} for name in names]
        failures = [{"uri": name, "line_id": "m", "error": name} for name in names]
        run = {"run_id": run_id, "flags": json.dumps({"model": "x" * 999})}
        write_run(tmp_path, run, pages=list(map(page, names)), lines=lines, failures=failures)
    return tmp_path


def damage(folder, table, kind):
    (path,) = folder.glob(f"{table}/**/r-1*.parquet")
    path.write_bytes(DAMAGES[kind](path.read_bytes()))
    return path


def is_said_of(path, folder, error):
    cure = f"delete {folder}/runs/r-1.parquet and transcribe again"
    return error.startswith(f"{path}: ") and cure in error and error.count("\n") == 1


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("table", TABLES)
def test_a_query_names_the_file_that_is_damaged(folder, capsys, table, kind):
    path = damage(folder, table, kind)
    every = table if table == "runs" else f"all_{table}"
    flags = ["--transcripts", str(folder), "--format", "csv"]
    assert query([*flags, f"SELECT * FROM {every}"]) == 2
    assert is_said_of(path, folder, capsys.readouterr().err)


def test_an_export_names_the_file_that_is_damaged(folder, capsys):
    path = damage(folder, "lines", "overwritten")
    flags = ["--transcripts", str(folder), "--output", str(folder / "x"), "--to", "text"]
    assert export(flags) == 2
    assert is_said_of(path, folder, capsys.readouterr().err)


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("table", ["runs", "pages"])
def test_the_next_run_names_the_file_that_is_damaged(folder, table, kind):
    path = damage(folder, table, kind)
    with pytest.raises(UsageError) as error:
        read_state(Archive(str(folder)))
    assert is_said_of(path, folder, f"{error.value}\n")


def test_after_the_cure_the_tables_can_be_queried(folder, capsys):
    damage(folder, "lines", "truncated")
    for run_id in ("r-1", "r-2"):
        (folder / "runs" / f"{run_id}.parquet").unlink()
    assert not Archive(str(folder)).has_files("lines")
    write_run(folder, {"run_id": "r-3"}, pages=[page("a.jpg")])
    assert Archive(str(folder)).has_files("lines")
    assert query(["--transcripts", str(folder), "SELECT count(*) AS n FROM pages"]) == 0
    assert capsys.readouterr().out.split() == ["n", "-", "1"]


def test_an_error_in_the_query_is_no_damage(folder):
    paths = [damage(folder, "lines", "truncated")]
    for sql in ("SELECT error('x')", "SELECT CAST('x' AS INT)", "SELECT x", "FROM 'no.parquet'"):
        with pytest.raises(duckdb.Error) as error:
            duckdb.sql(sql).fetchall()
        assert damaged_file(map(str, paths), error.value) is None
