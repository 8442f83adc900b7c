"""`python -m pipelines.forget`: pages are removed for good, at once, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from pipelines.corrections.log import CorrectionLog
from pipelines.forget import main
from pipelines.transcripts.tables import open_tables
from schemas.corrections import Correction, CorrectionKind
from schemas.records import SkipReason
from tests.pipelines.written_tables import page, write_run

RUNS = [f"2026010{day}T000000-000000-aaaaaa" for day in range(1, 6)]


def reading(name: str, text: str, **columns) -> dict:
    return {"name": name, "text": text, **columns}


def write(folder: Path, run_id: str, *readings: dict, gone: tuple = ()) -> None:
    names = [one["name"] for one in readings]
    pages = [
        page(one["name"], document=one.get("document", ""), moved_from=one.get("moved_from"),
             change=one.get("change", "new"), lines_ok=1, lines_failed=1)
        for one in readings
    ]  # fmt: skip
    pages += [
        page(name, status="skipped", reason=SkipReason.GONE, change=change) for name, change in gone
    ]
    lines = [
        {"page_uri": one["name"], "line_id": "l", "text": f"secret {one['text']}"}
        for one in readings
    ]
    failures = [{"uri": name, "line_id": "m", "error": f"{name} is bad"} for name in names]
    run = {"run_id": run_id, "command": "transcribe"}
    write_run(folder, run, pages=pages, lines=lines, failures=failures)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "out"
    write(
        folder, RUNS[0],
        reading("s/a.jpg", "a1"), reading("s/b.jpg", "b1"), reading("s/c.jpg", "c1"),
        reading("s/x.pdf#page=1", "x1", document="s/x.pdf"),
        reading("s/x.pdf#page=2", "x2", document="s/x.pdf"),
    )  # fmt: skip
    write(folder, RUNS[1], reading("s/a.jpg", "a2"), reading("t/d.jpg", "d1"))
    renamed = {"moved_from": "s/b.jpg", "change": "renamed"}
    write(folder, RUNS[2], reading("s/b2.jpg", "b1", **renamed), gone=[("s/b.jpg", "moved")])
    write(folder, RUNS[3], gone=[("s/c.jpg", "gone")])
    return folder


ALL = "s/a.jpg s/b2.jpg s/x.pdf#page=1 s/x.pdf#page=2 t/d.jpg"


class Case(NamedTuple):
    """Flags, the pages that remain, and texts of which no file has any."""

    flags: tuple[str, ...]
    pages: str
    forgotten: tuple[str, ...]
    reason: str


CASES = (
    Case(("--page", "s/a.jpg"), ALL.replace("s/a.jpg ", ""), ("a1", "a2", "s/a.jpg"), "a page"),
    Case(("--page", "s/x.pdf"), "s/a.jpg s/b2.jpg t/d.jpg", ("x1", "x2", "x.pdf"), "a document"),
    Case(("--page", "s/x.pdf#page=1"), ALL.replace("s/x.pdf#page=1 ", ""), ("x1",), "one of it"),
    Case(("--page", "s/b2.jpg"), ALL.replace("s/b2.jpg ", ""), ("b1", "s/b"), "and its old name"),
    Case(("--page", "s/b.jpg"), ALL, ("s/b.jpg",), "an old name; the text is that of the new one"),
    Case(("--page", "{here}/s/a.jpg"), ALL.replace("s/a.jpg ", ""), ("a1",), "by another path"),
    Case(("--prefix", "s/"), "t/d.jpg", ("a1", "a2", "b1", "c1", "x1", "s/"), "a folder"),
    Case(("--gone",), ALL, ("c1", "s/c.jpg"), "what is gone, without old names"),
    Case(("--gone", "--page", "t/d.jpg"), ALL.replace(" t/d.jpg", ""), ("c1", "d1"), "both"),
    Case(("--prefix", "s", "t"), "", ("1", "2"), "everything"),
)


def shown(folder: Path) -> str:
    rows = open_tables(str(folder)).sql("SELECT page_uri FROM pages ORDER BY page_uri").fetchall()
    return " ".join(name for (name,) in rows)


def everything(folder: Path, table: str) -> list[str]:
    """Return all rows of all files of a table, whether they count or not, as text."""
    files = folder.glob(f"{table}/**/*.parquet")
    return [str(row) for path in files for row in pq.ParquetFile(path).read().to_pylist()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_pages_are_removed_for_good(archive, tmp_path, monkeypatch, capsys, case):
    monkeypatch.chdir(tmp_path)
    flags = [flag.format(here=tmp_path) for flag in case.flags]
    assert main(["--transcripts", str(archive), *flags, "--dry_run"]) == 0
    assert shown(archive) == ALL and "nothing was removed" in capsys.readouterr().out
    assert main(["--transcripts", str(archive), *flags]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "complete"
    assert shown(archive) == case.pages
    tables = {table: everything(archive, table) for table in ("lines", "pages", "failures")}
    for text in case.forgotten:
        is_name = "." in text or "/" in text
        found = tables["pages"] + tables["failures"] if is_name else tables["lines"]
        # Identifiers of runs have letters and digits by chance.
        wanted = text if is_name else f"secret {text}"
        of_text = [row for row in found + tables["lines"] if wanted in row.replace(" is bad", "")]
        assert not of_text or (not is_name and case.reason.startswith("an old name")), text
    connection = open_tables(str(archive))
    count = len(case.pages.split())
    sql = "SELECT count(*) FROM lines"
    assert connection.sql(sql).fetchone() == (count,)
    assert connection.sql("SELECT count(*) FROM failures").fetchone() == (count,)
    last = "SELECT command, pages_in FROM runs ORDER BY run_id DESC LIMIT 1"
    assert connection.sql(last).fetchone() == ("forget", 0)


def test_what_people_said_of_a_page_goes_with_it(archive, capsys):
    log = CorrectionLog(archive)
    said = [
        log.append(Correction("", "", "eva", name, "l", "r", CorrectionKind.TEXT, "a", "secret"))
        for name in ("s/a.jpg", "t/d.jpg")
    ]
    flags = ["--transcripts", str(archive), "--page", "s/a.jpg"]
    assert main([*flags, "--dry_run"]) == 0 and log.state().all == said
    assert main(flags) == 0
    assert "1 of their corrections were removed, too" in capsys.readouterr().out
    assert log.state().all == said[1:]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "nothing to forget; give --page, --prefix or --gone"),
        (["--page", "s/q.jpg"], "s/q.jpg: no page has this name"),
        (["--prefix", ""], "--page and --prefix need a name"),
        (["--page", "s/a.jpg", "a.jpg"], "a.jpg: no page has this name"),
    ],
)
def test_unusable_flags_are_one_line_and_status_2(archive, capsys, flags, reason):
    assert main(["--transcripts", str(archive), *flags]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1 and shown(archive) == ALL


def test_a_folder_that_is_no_archive_is_an_error(tmp_path, capsys):
    assert main(["--transcripts", str(tmp_path), "--gone"]) == 2
    assert "has no table runs" in capsys.readouterr().err and not any(tmp_path.iterdir())


def test_a_reader_is_not_disturbed_and_the_rows_stay_until_it_ends(archive, capsys, monkeypatch):
    monkeypatch.setattr("pipelines.archive.keeping._WAIT_S", 0.1)
    reader = open_tables(str(archive))
    before = reader.sql("SELECT count(*) FROM lines").fetchone()
    assert main(["--transcripts", str(archive), "--prefix", "s"]) == 3
    captured = capsys.readouterr()
    assert "stay as long as they may be read" in captured.out
    assert "still on the disk; end the readers and run again" in captured.err
    assert reader.sql("SELECT count(*) FROM lines").fetchone() == before == (5,)
    assert shown(archive) == "t/d.jpg"
    reader.close()
    del reader
    assert main(["--transcripts", str(archive), "--gone"]) == 0
    assert not [row for row in everything(archive, "lines") if "secret a1" in row]
