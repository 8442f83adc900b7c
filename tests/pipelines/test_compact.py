"""`python -m pipelines.compact`: few files, the same rows, and readers see each row once."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipelines.archive import rewrite, upkeep
from pipelines.compact import main
from pipelines.transcripts import tables
from pipelines.transcripts.tables import open_tables
from schemas.records import SkipReason
from tests.pipelines.written_tables import page, write_run

NIGHTS = 12
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
VIEWS = (
    "lines", "pages", "failures", "gone", "all_lines", "all_pages", "all_failures",
)  # fmt: skip


def identifier(night: int) -> str:
    return f"{NOW + timedelta(days=night):%Y%m%dT%H%M%S}-000000-aaaaaa"


def write_nights(folder: Path) -> None:
    """Write nights that read a page anew and one again, find one gone, or have no news."""
    for night in range(NIGHTS):
        names = [f"p{night}.jpg", "again.jpg"] if night % 3 else []
        pages = [page(name, sha256=f"{name} {night}", change="new") for name in names]
        if night == NIGHTS - 1:
            gone = {"status": "skipped", "reason": SkipReason.GONE, "change": "gone"}
            pages.append(page("p1.jpg", **gone))
        lines = [
            {"page_uri": name, "line_id": f"l{i}", "text": f"{night}"}
            for name in names for i in range(3)
        ]  # fmt: skip
        failures = [{"uri": name, "line_id": "m"} for name in names]
        run = {"run_id": identifier(night), "command": "transcribe", "flags": "{}"}
        run |= {"started": NOW + timedelta(days=night), "finished": NOW + timedelta(days=night)}
        write_run(folder, run, pages=pages, lines=lines, failures=failures)
        if not names and night:
            for table in ("lines", "pages", "failures"):
                for path in folder.glob(f"{table}/*/{identifier(night)}-*"):
                    path.unlink()


@pytest.fixture
def archive(tmp_path):
    write_nights(tmp_path / "out")
    return tmp_path / "out"


def files(folder: Path) -> int:
    return sum(1 for path in folder.glob("*/**/*.parquet"))


def rows(folder: Path) -> dict[str, list]:
    connection = open_tables(str(folder))
    every = {}
    for view in VIEWS:
        sql = f"SELECT * EXCLUDE (compaction) FROM {view} ORDER BY ALL"
        every[view] = connection.sql(sql).fetchall()
    sql = "SELECT * EXCLUDE (compaction) FROM runs WHERE command = 'transcribe' ORDER BY run_id"
    return every | {"runs": connection.sql(sql).fetchall()}


def test_many_files_become_few_and_the_views_show_the_same(archive, capsys):
    before, count = rows(archive), files(archive)
    assert count > 30
    for _ in range(3):
        assert main(["--transcripts", str(archive)]) == 0
        assert files(archive) <= 4 and rows(archive) == before
    said = capsys.readouterr().out
    assert f"files: {count} became 4" in said and said.splitlines()[-1] == "complete"
    assert not list(archive.glob("**/.*.part"))


def test_collections_stay_apart(archive):
    for table in ("lines", "pages", "failures"):
        old, new = (archive / table / f"collection={name}" for name in ("all", "1858"))
        new.mkdir()
        for path in list(old.glob(f"{identifier(2)}-*")):
            path.rename(new / path.name)
    before = rows(archive)
    assert main(["--transcripts", str(archive)]) == 0
    assert rows(archive) == before and files(archive) <= 7
    names = {path.name for path in archive.glob("lines/*")}
    assert names == {"collection=all", "collection=1858"}


def test_large_runs_stay_as_they_are(archive, monkeypatch):
    monkeypatch.setattr(upkeep, "_SMALL_BYTES", 1)
    count, before = files(archive), rows(archive)
    assert main(["--transcripts", str(archive)]) == 0
    # Only the nights without news had no files.
    assert files(archive) == count - 2 and rows(archive) == before


def test_superseded_rows_are_dropped_only_if_asked_for(archive, capsys):
    before = rows(archive)
    days = (datetime.now(timezone.utc) - NOW).days - 6
    assert main(["--transcripts", str(archive), "--older_than", str(days)]) == 0
    after = rows(archive)
    for view in ("lines", "pages", "failures", "gone", "runs"):
        assert after[view] == before[view], view
    again = "SELECT DISTINCT run_id FROM all_lines WHERE page_uri = 'again.jpg' ORDER BY run_id"
    kept = [run_id for (run_id,) in open_tables(str(archive)).sql(again).fetchall()]
    assert kept == [identifier(night) for night in range(NIGHTS) if night % 3 and night >= 6]
    assert "0 pages, 0 lines" not in capsys.readouterr().out
    assert len(after["all_lines"]) == len(before["all_lines"]) - 3 * 4


def test_readers_see_every_row_once_at_any_time(archive, monkeypatch):
    """Readers open the tables before, between and after the renames, and read at the end."""
    wanted, readers, seen = rows(archive), [open_tables(str(archive))], []
    commit = rewrite.write_rows

    def look(*args):
        """The new files are there already, and the old ones count; afterwards the new ones do."""
        readers.append(open_tables(str(archive)))
        seen.append(rows(archive))
        commit(*args)
        readers.append(open_tables(str(archive)))
        seen.append(rows(archive))

    monkeypatch.setattr(rewrite, "write_rows", look)
    monkeypatch.setattr("pipelines.archive.keeping._WAIT_S", 0.1)
    assert main(["--transcripts", str(archive)]) == 0
    assert seen == [wanted, wanted] and len(readers) == 3
    for reader in readers:
        sql = "SELECT count(*), count(DISTINCT (page_uri, line_id, run_id)) FROM all_lines"
        count = len(wanted["all_lines"])
        assert reader.sql(sql).fetchone() == (count, count)
        reader.close()
    many = files(archive)
    del reader, readers[:]
    monkeypatch.setattr(rewrite, "write_rows", commit)
    assert main(["--transcripts", str(archive)]) == 0
    assert files(archive) == 4 < many and rows(archive) == wanted


@pytest.mark.parametrize("table", ["lines", "pages", "failures", "runs"])
def test_a_compaction_that_ends_while_tables_are_opened(archive, monkeypatch, table):
    """The tables are listed as of one moment: either all before the compaction, or all after."""
    wanted = rows(archive)
    monkeypatch.setattr("pipelines.archive.keeping._WAIT_S", 0.1)
    make_view, compactions = tables._view_of_files, []

    def compact_first(connection, name, files):
        if name == table and not compactions:
            compactions.append(main(["--transcripts", str(archive)]))
        make_view(connection, name, files)

    monkeypatch.setattr(tables, "_view_of_files", compact_first)
    assert rows(archive) == wanted
    assert compactions == [0]


def test_a_query_that_goes_on_meanwhile_gives_the_same(archive):
    wanted, counts, is_done = len(rows(archive)["all_lines"]), [], threading.Event()

    def read() -> None:
        while not is_done.is_set():
            connection = open_tables(str(archive))
            counts.append(connection.sql("SELECT count(*) FROM all_lines").fetchone()[0])
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert main(["--transcripts", str(archive)]) == 0
    finally:
        is_done.set()
        reader.join()
    assert counts and set(counts) == {wanted}


@pytest.mark.parametrize("point", ["TableFiles._open", "write_rows", "sweep"])
def test_a_compaction_that_is_killed_loses_and_repeats_nothing(archive, monkeypatch, point):
    def killed(*_, **__):
        raise KeyboardInterrupt

    wanted = rows(archive)
    target = "keeping" if point == "sweep" else "rewrite"
    with monkeypatch.context() as patch:
        patch.setattr(f"pipelines.archive.{target}.{point}", killed)
        assert main(["--transcripts", str(archive)]) == 130
    assert rows(archive) == wanted
    # What a kill in the middle of writing leaves.
    (archive / "runs" / "half.parquet.part").write_bytes(b"PAR1")
    assert main(["--transcripts", str(archive)]) == 0
    assert rows(archive) == wanted and files(archive) == 4
    assert not list(archive.glob("**/*.part"))


def test_unusable_flags_are_one_line_and_status_2(archive, tmp_path, capsys):
    assert main(["--transcripts", str(archive), "--older_than", "-1"]) == 2
    assert main(["--transcripts", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert "--older_than -1.0 is not a number of days" in error and "has no table runs" in error
    assert os.listdir(tmp_path) == ["out"]
