"""Parts of a run: whatever dies and is started again, each page is published once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.archive.earlier_runs import publish_interrupted
from pipelines.archive.folder import Archive
from pipelines.archive.parts import (
    PartsRun,
    all_sums,
    done_parts,
    drop_lost,
    mark_done,
    missing_parts,
    one_at_a_time,
    part_locks,
    parts_of,
    write_parts,
)
from pipelines.archive.portions import portion_names, rows_of, write_portion
from pipelines.archive.publish import publish
from pipelines.archive.share import Share, is_to_read
from pipelines.archive.state import read_state
from pipelines.cli.options import UsageError
from pipelines.cli.parts import Part
from pipelines.files.durable import write_durably
from pipelines.files.key_set import UriTally
from pipelines.files.lock import run_lock, waiting_lock
from pipelines.pages.records import PageResult
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles
from schemas.records import PageDone, PageSource, Skipped, SkipReason

PAGES = [f"p{number}.jpg" for number in range(30)]
NO_PAGES = ["a.txt", "b.txt", "Thumbs.db"]
COUNT = 3


def begin(folder):
    """Begin a run in parts."""
    archive = Archive(str(folder))
    archive.make()
    Path(archive.parts).mkdir()
    run = RunStart.now("transcribe", {}, "m")
    write_parts(archive, PartsRun(run.run_id, COUNT, {}))
    write_durably(archive.run_start, run.to_json().encode())
    return archive, run


def result_of(name):
    if name in PAGES:
        return PageResult(PageDone(name, name, 9, 9, "page", 0), source=PageSource(name, (name,)))
    return PageResult(Skipped(name, SkipReason.NO_IMAGE), source=PageSource(name, (name,)))


def read(archive, run, number, listed, most, at_once):
    """Do what a part does; it dies after some portions.

    Returns:
        Whether it lived.
    """
    share = Share.of(archive, Part(number, COUNT))
    names = [name for name in listed if is_to_read(PageSource(name, ()), share.part, share.held)]
    for start in range(0, len(names), at_once):
        if start // at_once >= most:
            return False
        results = map(result_of, names[start : start + at_once])
        write_portion(archive.portions, [rows_of(one, run.run_id) for one in results], share.start)
    tally, skipped = UriTally(), SkippedFiles()
    for name in names:
        tally.add(name)
        if name in NO_PAGES:
            skipped.add(Skipped(name, SkipReason.NO_IMAGE))
    Path(share.inputs).write_text(json.dumps([tally.count, tally.total]))
    Path(share.skipped).write_text(skipped.to_json())
    mark_done(archive, run.run_id, number, share.sums(archive))
    return True


def pages_in(archive):
    rows = [pq.read_table(path).to_pylist() for path in archive.files_of_table("pages")]
    return sorted(row["page_uri"] for table in rows for row in table)


attempts = st.lists(
    st.tuples(st.integers(1, COUNT), st.integers(0, 9), st.sampled_from([1, 3, 50])), max_size=8
)


@settings(max_examples=15)
@given(attempts, st.sets(st.integers(0, 20)), st.permutations(range(1, COUNT + 1)))
def test_whatever_dies_each_page_is_there_once(deaths, damaged, order):
    with tempfile.TemporaryDirectory() as folder:
        archive, run = begin(folder)
        for number, most, at_once in deaths:
            read(archive, run, number, PAGES + NO_PAGES, most, at_once)
        names = portion_names(archive.portions)
        for place in damaged:
            if place < len(names):
                Path(archive.portions, f"lines-{names[place]}.parquet").write_bytes(b"PAR1")
        done = done_parts(archive, parts_of(archive, run))
        lost = drop_lost(archive, done)
        assert not {*lost} & {*done}
        for number in order:
            if number in missing_parts(done, COUNT):
                assert read(archive, run, number, PAGES + NO_PAGES, 99, 50)
        done = done_parts(archive, parts_of(archive, run))
        assert drop_lost(archive, done) == []
        expected, skipped = all_sums(done)
        account = publish(archive, run, read_state(archive), expected).account
        assert pages_in(archive) == sorted(PAGES + NO_PAGES)
        assert (account.pages_ok, account.pages_skipped) == (len(PAGES), len(NO_PAGES))
        assert str(skipped) == "skipped: 3 files that are no pages (Thumbs.db, a.txt, b.txt)"
        assert [path.name for path in Path(archive.parts).glob("*.json")] == []


@pytest.fixture
def begun(tmp_path):
    archive, run = begin(tmp_path)
    for number in range(1, COUNT + 1):
        assert read(archive, run, number, PAGES, 99, 5)
    return archive, run


def test_a_page_that_vanished_between_two_attempts_is_counted(tmp_path):
    archive, run = begin(tmp_path)
    own = [name for name in PAGES if Part(1, COUNT).takes(name)]
    assert not read(archive, run, 1, PAGES, 1, 1)
    # The one that was read is gone, another one came.
    assert read(archive, run, 1, [*(name for name in PAGES if name != own[0])], 99, 5)
    (sums,) = done_parts(archive, parts_of(archive, run)).values()
    assert sums.account.pages_ok == len(own)


def test_a_part_whose_portions_are_lost_is_not_done_any_more(begun):
    archive, run = begun
    name = portion_names(archive.portions, "part2-")[0]
    Path(archive.portions, f"pages-{name}.parquet").unlink()
    done = done_parts(archive, parts_of(archive, run))
    assert drop_lost(archive, done) == [2]
    assert missing_parts(done_parts(archive, parts_of(archive, run)), COUNT) == (2,)
    said = publish_interrupted(archive)
    assert said.endswith(
        f"pages of the interrupted run {run.run_id} kept; of its parts, 2 were not done"
    )


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"run_id": "r"}', b'{"run_id": "an older one", "sums": "{}"}']
)
def test_a_damaged_mark_is_none(begun, content):
    archive, run = begun
    Path(archive.parts, "done-3.json").write_bytes(content)
    assert sorted(done_parts(archive, parts_of(archive, run))) == [1, 2]


def test_all_that_is_done_is_published_as_a_whole(begun):
    archive, run = begun
    assert publish_interrupted(archive) == (
        f"all 3 parts of run {run.run_id} were done: 30 pages published"
    )
    ((_, row),) = archive.run_rows()
    assert (row["status"], row["pages_ok"]) == ("complete", len(PAGES))
    assert pages_in(archive) == sorted(PAGES)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"run_id": "r"}'])
def test_where_what_the_parts_share_is_damaged_it_is_an_interrupted_run(begun, content):
    archive, run = begun
    Path(archive.parts, "run.json").write_bytes(content)
    assert parts_of(archive, run) is None
    assert publish_interrupted(archive) == f"30 pages of the interrupted run {run.run_id} kept"


def test_of_another_run_there_are_no_parts(begun):
    archive, _ = begun
    assert parts_of(archive, RunStart.now("transcribe", {})) is None
    assert parts_of(archive, None) is None


def test_a_part_runs_once_and_a_run_alone(tmp_path):
    archive = Archive(str(tmp_path))
    archive.make()
    with part_locks(archive, Part(1, 2)), part_locks(archive, Part(2, 2)):
        with pytest.raises(UsageError, match=r"part 1/2 runs already \(.*process \d+\); wait"):
            part_locks(archive, Part(1, 2)).__enter__()
        with pytest.raises(UsageError, match="part 2/2 on .* writes here; wait for it"):
            run_lock(archive.unfinished).__enter__()
    with (
        run_lock(archive.unfinished),
        pytest.raises(UsageError, match="another run .* writes here; wait for it"),
    ):
        part_locks(archive, Part(1, 2)).__enter__()
    with part_locks(archive, Part(1, 2)), one_at_a_time(archive.parts, Part(1, 2)):
        pass
    assert sorted(path.name for path in Path(archive.parts).iterdir()) == ["lock"]


def test_a_wait_has_a_limit(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("pipelines.files.lock._SILENT_S", 0.0)
    path = str(tmp_path / "lock")
    with (
        waiting_lock(path, "part 1/2", 9),
        pytest.raises(UsageError, match="has been held by part 1/2 on .*; see whether"),
        waiting_lock(path, "part 2/2", 0.3),
    ):
        pass
    error = capsys.readouterr().err
    assert error.startswith("waiting for part 1/2 on ")
    assert error.count("\n") == 1


def test_a_disk_without_locks_is_named(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(UsageError, match="files cannot be locked there .No locks available."):
        run_lock(str(tmp_path)).__enter__()
