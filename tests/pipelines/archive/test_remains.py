"""What a killed run left behind, damaged: the next run goes on, and reads those pages again."""

from __future__ import annotations

import os

import pyarrow.parquet as pq
import pytest

from pipelines.archive.earlier_runs import publish_interrupted, unfinished_run
from pipelines.archive.folder import Archive
from pipelines.archive.portions import rows_of, write_portion
from pipelines.archive.state import read_state
from pipelines.cli.options import UsageError
from pipelines.files.durable import write_durably
from pipelines.pages.records import PageResult
from pipelines.tables.runs import RunStart
from schemas.records import PageDone, PageSource

DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "overwritten": lambda path: path.write_bytes(b"PAR1" + b"\xff" * 99),
    "missing": lambda path: path.unlink(),
}


@pytest.fixture
def archive(tmp_path):
    """Return an archive with a killed run that has done four pages, each a portion."""
    archive = Archive(str(tmp_path))
    archive.make()
    run = RunStart.now("transcribe", {}, "m")
    write_durably(archive.run_start, run.to_json().encode())
    for name in "abcd":
        done = PageDone(name, "1", 9, 9, "page", 1)
        source = PageSource(name, (name,))
        write_portion(archive.portions, [rows_of(PageResult(done, source=source), run.run_id)])
    return archive


def run_id_of(archive):
    ((_, row),) = archive.run_rows()
    return row["run_id"]


def pages_in(archive):
    rows = [pq.read_table(path).to_pylist() for path in archive.files_of_table("pages")]
    return sorted(row["page_uri"] for table in rows for row in table)


@pytest.mark.parametrize("table", ["lines", "failures", "pages"])
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_portion_is_dropped_alone(archive, tmp_path, table, kind):
    path = sorted(tmp_path.glob(f".unfinished/**/{table}-*.parquet"))[0]
    DAMAGES[kind](path)
    # A dry run counts what is whole, and changes nothing.
    state = read_state(archive, unfinished_run(archive))
    assert (state.read > 0).sum() == 3
    said = publish_interrupted(archive)
    # Without its file of pages a portion was never complete.
    is_told = (table, kind) != ("pages", "missing")
    assert ("a file of a killed run damaged; those pages are read again" in said) == is_told
    assert f"3 pages of the interrupted run {run_id_of(archive)} kept" in said
    assert len(pages_in(archive)) == 3
    assert publish_interrupted(archive) == ""


@pytest.mark.parametrize("kind", DAMAGES)
def test_portions_of_an_unknown_run_are_dropped(archive, tmp_path, kind):
    (path,) = tmp_path.glob(".unfinished/**/run.json")
    DAMAGES[kind](path)
    assert unfinished_run(archive) is None
    said = publish_interrupted(archive)
    assert said.startswith(f"{archive.run_start} is damaged or missing: ")
    assert said.endswith("its pages are read again")
    assert archive.files_of_table("pages") == []
    assert publish_interrupted(archive) == ""


def test_a_run_of_another_version_is_kept(archive, tmp_path):
    (path,) = tmp_path.glob(".unfinished/**/run.json")
    path.write_text(path.read_text().replace('"schema_version": "', '"schema_version": "99'))
    with pytest.raises(UsageError, match="run again with the version of Quire that began it"):
        publish_interrupted(archive)
    assert len(list(tmp_path.glob(".unfinished/**/pages-*.parquet"))) == 4


def test_a_file_is_flushed_before_it_has_its_name(tmp_path, monkeypatch):
    events = []
    flush, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (events.append("flush"), flush(number)))
    monkeypatch.setattr(os, "replace", lambda *names: (events.append("rename"), rename(*names)))
    write_durably(str(tmp_path / "a"), b"x")
    assert events == ["flush", "rename", "flush"]
    assert (tmp_path / "a").read_bytes() == b"x"
