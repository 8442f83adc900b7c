"""`python -m pipelines.transcribe` on an existing output: only new and changed pages are read."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from pipelines.archive import portions
from pipelines.archive.folder import Archive
from pipelines.files.lock import run_lock
from pipelines.pages.listing import file_source
from pipelines.tables.runs import RunStart
from pipelines.transcribe import main
from pipelines.transcription.read_pages import PageReading, read_page
from pipelines.transcripts.tables import open_tables
from schemas.tables import SCHEMA_VERSION
from tests.drawn_files import image_file
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.nights import DIRECT, PLACES, ask, draw_archive, last_run, planned, transcribe

ROOT = Path(__file__).parents[2]


@pytest.fixture
def archive(tmp_path):
    return draw_archive(tmp_path)


def test_a_second_run_reads_only_what_is_new_or_changed(archive):
    assert transcribe(archive) == 0
    # The XML files beside the images are counted as skipped.
    assert last_run(archive) == (6, 3, 0, 3, 0)
    assert transcribe(archive) == 0
    assert last_run(archive) == (6, 0, 0, 6, 6)
    write_page(archive / "in", "p2", ("another text",))
    write_page(archive / "in", "p4")
    assert transcribe(archive) == 0
    assert last_run(archive) == (8, 2, 0, 6, 5)
    counts = "SELECT page_uri[-6:-5], count(*) FROM lines GROUP BY ALL ORDER BY ALL"
    assert ask(archive, counts) == [("p1", 3), ("p2", 1), ("p3", 3), ("p4", 3)]
    assert ask(archive, "SELECT count(*) FROM all_lines") == [(9 + 1 + 3,)]
    assert ask(archive, "SELECT count(*) FROM all_pages WHERE status = 'skipped'") == [(4,)]


def test_a_page_is_read_again_if_the_lines_beside_it_change(archive):
    assert transcribe(archive) == 0
    xml = archive / "in" / "p1.xml"
    xml.write_bytes(xml.read_bytes().replace(b'id="l1"', b'id="l9"'))
    assert transcribe(archive) == 0
    assert last_run(archive)[1] == 1
    assert ask(archive, "SELECT count(*) FROM lines WHERE line_id = 'l9'") == [(1,)]


def test_pages_that_stay_in_another_collection_are_reported(archive, capsys):
    def printed(*flags):
        assert transcribe(archive, *flags) == 0
        return [line for line in capsys.readouterr().out.splitlines() if "collection" in line]

    assert printed("--collection", "a") == [] and printed("--collection", "a") == []
    write_page(archive / "in", "p4")
    expected = "unchanged pages that stay in another collection: 3; add --redo"
    assert printed("--collection", "b") == [f"{expected} to read all again into b"]
    places = "SELECT collection, count(*) FROM pages WHERE status = 'ok' GROUP BY ALL ORDER BY ALL"
    assert ask(archive, places) == [("a", 3), ("b", 1)]
    assert printed("--collection", "b", "--redo") == [] and printed("--collection", "b") == []
    assert ask(archive, places) == [("b", 4)]


def test_an_output_inside_the_input_is_not_read(archive):
    paths = ["--input", str(archive / "in"), "--model", str(archive / "m")]
    output = str(archive / "in" / "out")
    assert main([*paths, "--output", output, *DIRECT]) == 0
    assert main([*paths, "--output", f"{archive}/m/../in/out/", "--dry_run", *DIRECT]) == 0
    assert main([*paths, "--output", output, *DIRECT]) == 0
    connection = open_tables(output)
    counts = "SELECT pages_in, pages_ok, pages_unchanged FROM runs ORDER BY run_id"
    assert connection.sql(counts).fetchall() == [(6, 3, 0), (6, 0, 6)]
    assert connection.sql("SELECT count(*) FROM all_pages").fetchall() == [(6,)]


def test_redo_reads_all_again_and_a_collection_is_a_partition(archive):
    assert transcribe(archive, "--collection", "1858") == 0
    assert transcribe(archive, "--redo", "--collection", "1858") == 0
    assert last_run(archive) == (6, 3, 0, 3, 0)
    assert ask(archive, "SELECT DISTINCT collection FROM lines") == [("1858",)]
    assert (archive / "out" / "lines" / "collection=1858").is_dir()


def test_a_page_that_failed_is_read_again_and_then_no_longer_in_failures(archive):
    whole = (archive / "in" / "p1.jpg").read_bytes()
    (archive / "in" / "p1.jpg").write_bytes(whole[:500])
    assert transcribe(archive, "--max_failure_rate", "1") == 0
    assert transcribe(archive, "--max_failure_rate", "1") == 0
    assert last_run(archive) == (6, 0, 1, 5, 5)
    assert len(ask(archive, "FROM failures")) == 1 and len(ask(archive, "FROM all_failures")) == 2
    (archive / "in" / "p1.jpg").write_bytes(whole)
    assert transcribe(archive) == 0
    assert ask(archive, "FROM failures") == []
    assert ask(archive, "SELECT status FROM pages WHERE page_uri LIKE '%p1.jpg'") == [("ok",)]


def test_a_page_that_is_unchanged_after_a_failure_is_ok_without_being_read(archive):
    image = archive / "in" / "p1.jpg"
    whole = image.read_bytes()
    shown = "SELECT page_uri, line_id, text, run_id FROM lines ORDER BY ALL"
    assert transcribe(archive) == 0
    before = ask(archive, shown)
    image.write_bytes(whole[:500])
    assert transcribe(archive, "--max_failure_rate", "1") == 0
    assert len(ask(archive, "FROM failures")) == 1
    image.write_bytes(whole)
    for _ in range(2):
        assert transcribe(archive) == 0
        assert last_run(archive) == (6, 0, 0, 6, 6)
        assert ask(archive, "FROM failures") == [] and ask(archive, shown) == before
        assert ask(archive, "SELECT count(*) FROM pages WHERE status = 'ok'") == [(3,)]
    # Only the first of the two runs adds a row.
    assert ask(archive, "SELECT count(*) FROM all_pages") == [(6 + 1 + 1,)]


def test_a_pdf_that_opens_after_a_failure_is_no_longer_in_failures(archive):
    path = archive / "in" / "scan.pdf"
    path.write_bytes(image_file([np.full((400, 300), 255, np.uint8)] * 2, "PDF"))
    assert transcribe(archive) == 0
    whole = path.read_bytes()
    path.write_bytes(b"%PDF-")
    assert transcribe(archive, "--max_failure_rate", "1") == 0
    assert ask(archive, "SELECT uri[-8:] FROM failures") == [("scan.pdf",)]
    path.write_bytes(whole)
    assert transcribe(archive) == 0
    assert last_run(archive) == (8, 0, 0, 8, 8)
    assert ask(archive, "FROM failures") == []
    assert ask(archive, "SELECT count(*) FROM pages WHERE status = 'ok'") == [(5,)]


def test_the_pages_of_a_killed_run_are_kept(archive):
    """One of six pages was written before the run was killed."""
    folder = Archive(str(archive / "out"))
    folder.make()
    run = RunStart("20260101T000000-000000-aa", "transcribe", {}, datetime.now(timezone.utc), "all")
    Path(folder.run_start).write_text(run.to_json())
    done = read_page(file_source(str(archive / "in" / "p1.xml")), PageReading("auto", 64))
    portions.write_portion(folder.portions, [portions.rows_of(done, run.run_id)])
    Path(portions.portion_file(folder.portions, "lines", "half")).write_bytes(b"PAR1")
    assert transcribe(archive) == 0
    runs = ask(archive, "SELECT run_id, status, pages_in FROM runs ORDER BY run_id")
    assert runs[0] == (run.run_id, "interrupted", 1) and runs[1][1:] == ("complete", 6)
    assert ask(archive, "SELECT count(*), count(DISTINCT page_uri) FROM pages") == [(6, 6)]
    assert [path.name for path in (archive / "out" / ".unfinished").iterdir()] in (
        ["lock", "portions"],
        ["portions", "lock"],
    )


def test_a_run_killed_after_publishing_is_not_counted_twice(archive, monkeypatch):
    def killed(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "clear_unfinished", killed)
        assert transcribe(archive) == 130
    before = ask(archive, "FROM runs")
    assert transcribe(archive) == 0
    assert last_run(archive) == (6, 0, 0, 6, 6)
    assert ask(archive, "FROM runs ORDER BY run_id")[:1] == before


def test_a_dry_run_counts_new_changed_and_unchanged_pages(archive, capsys):
    assert planned(archive, capsys) == "pages: 3 to read, 0 unreadable, 3 skipped"
    assert transcribe(archive) == 0
    write_page(archive / "in", "p2", ("another text",))
    write_page(archive / "in", "p4")
    (archive / "in" / "p1.jpg").write_bytes(b"")
    plan = planned(archive, capsys)
    assert plan == "pages: 2 to read (1 new, 1 changed), 1 unchanged, 1 unreadable, 4 skipped"
    assert planned(archive, capsys, "--redo") == "pages: 3 to read, 1 unreadable, 4 skipped"
    other = planned(archive, capsys, "--lines", "find")
    again = "1 new, 0 changed, 2 read before with other --lines"
    assert other == f"pages: 3 to read ({again}), 0 unchanged, 1 unreadable, 4 skipped"


def test_a_dry_run_counts_the_pages_of_a_killed_run_as_unchanged(archive, capsys):
    assert transcribe(archive) == 0
    folder = Archive(str(archive / "out"))
    write_page(archive / "in", "p4")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.transcription.pipeline.publish", stop)
        assert transcribe(archive) == 130
    assert portions.portion_names(folder.portions)
    expected = "pages: 0 to read (0 new, 0 changed), 4 unchanged, 0 unreadable, 4 skipped"
    assert planned(archive, capsys) == expected


def stop(*_):
    raise KeyboardInterrupt


def test_an_unfinished_run_of_another_schema_version_is_rejected(archive, capsys):
    folder = Archive(str(archive / "out"))
    folder.make()
    run = RunStart("r1", "transcribe", {}, datetime.now(timezone.utc), "all")
    text = run.to_json().replace(f'"schema_version": "{SCHEMA_VERSION}"', '"schema_version": "1.0"')
    Path(folder.run_start).write_text(text)
    assert transcribe(archive) == 2
    error = capsys.readouterr().err
    assert "a run whose tables have schema 1.0" in error and error.count("\n") == 1


def test_a_concurrent_run_on_the_same_output_is_rejected(archive, capsys):
    assert transcribe(archive) == 0
    with run_lock(str(archive / "out" / ".unfinished")):
        assert transcribe(archive) == 4
    error = capsys.readouterr().err
    assert f"process {os.getpid()}) writes here; wait for it" in error and error.count("\n") == 1
    assert transcribe(archive) == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 4), (signal.SIGINT, 130)])
def test_after_a_signal_the_next_run_continues(archive, number, status):
    # Enough pages that the signal arrives between two of them.
    for i in range(300):
        os.link(archive / "in" / "p1.jpg", archive / "in" / f"q{i}.jpg")
        os.link(archive / "in" / "p1.xml", archive / "in" / f"q{i}.xml")
    paths = [f"--{flag}={archive / name}" for flag, name in PLACES]
    command = [sys.executable, "-m", "pipelines.transcribe", *paths, *DIRECT]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    known = archive / "out" / ".unfinished" / "run.json"
    while not known.exists() and child.poll() is None:
        time.sleep(0.05)
    child.send_signal(number)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == status, errors.decode()
    assert errors.decode().splitlines()[-1].startswith("interrupted; run the same command again")
    assert transcribe(archive) == 0
    assert ask(archive, "SELECT count(*) FROM pages WHERE status = 'ok'") == [(303,)]
    first = ask(archive, "SELECT status, pages_ok FROM runs ORDER BY run_id")
    assert first[-1][0] == "complete" and sum(ok for _, ok in first) == 303


def test_the_flags_of_a_run_are_in_its_row(archive):
    assert transcribe(archive, "--collection", "c") == 0
    ((flags, digest),) = ask(archive, "SELECT flags, preprocess_digest FROM runs")
    assert json.loads(flags)["collection"] == "c" and len(digest) == 64
