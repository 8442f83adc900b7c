"""`python -m pipelines.transcribe --part K/N`: the parts of one run, whatever becomes of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipelines.archive.folder import Archive
from pipelines.archive.portions import portion_names
from pipelines.files.lock import run_lock
from pipelines.transcripts.tables import open_tables
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.nights import DIRECT, PLACES, ask, draw_archive, last_run, transcribe

ROOT = Path(__file__).parents[2]
# Without what differs between any two runs: their identifiers, and the seconds that pages took.
TABLES = {
    "lines": "* EXCLUDE (run_id)",
    "pages": "* EXCLUDE (run_id, seconds)",
    "failures": "* EXCLUDE (run_id)",
}
NEWS = (
    "status, pages_in, pages_ok, pages_failed, pages_skipped, lines_in, lines_ok, pages_unchanged, "
    "pages_new, pages_changed, pages_gone, pages_renamed"
)


@pytest.fixture
def archive(tmp_path):
    draw_archive(tmp_path)
    for name in ("p4", "p5", "p6"):
        write_page(tmp_path / "in", name, (f"page {name}",))
    (tmp_path / "in" / "p7.jpg").write_bytes(b"no image")
    return tmp_path


def rows(folder, output="out"):
    tables = open_tables(str(folder / output))
    return {
        table: tables.sql(f"SELECT {columns} FROM all_{table} ORDER BY ALL").fetchall()
        for table, columns in TABLES.items()
    }


def news(folder, output="out"):
    return (
        open_tables(str(folder / output)).sql(f"SELECT {NEWS} FROM runs ORDER BY run_id").fetchall()
    )


def alone(folder, *flags):
    """Transcribe the same in one process, into another output."""
    return transcribe(folder, f"--output={folder}/alone", "--max_failure_rate=1", *flags)


def in_parts(folder, count, *flags, order=None):
    return [
        transcribe(folder, f"--part={number}/{count}", "--max_failure_rate=1", *flags)
        for number in order or range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_parts_give_the_rows_and_the_news_of_one_process(archive, capsys, count):
    assert in_parts(archive, count) == [0] * count
    said = capsys.readouterr().out.splitlines()
    assert alone(archive) == 0
    said_alone = capsys.readouterr().out.replace("/alone", "/out").splitlines()
    assert said[count - 1].endswith(f"all {count} parts are done")
    # The last part says what one process says.
    assert said[count:] == said_alone
    assert rows(archive) == rows(archive, "alone")
    assert news(archive) == news(archive, "alone")
    (archive / "in" / "p1.jpg").unlink()
    (archive / "in" / "p2.jpg").rename(archive / "in" / "q2.jpg")
    write_page(archive / "in", "p3", ("another text",))
    write_page(archive / "in", "p8")
    assert in_parts(archive, count, order=range(count, 0, -1)) == [0] * count
    assert alone(archive) == 0
    assert rows(archive) == rows(archive, "alone")
    assert news(archive) == news(archive, "alone")
    flags = [json.loads(row[0])["parts"] for row in ask(archive, "SELECT flags FROM runs")]
    assert flags == [count, count]
    left = sorted(path.name for path in (archive / "out" / ".unfinished").rglob("*"))
    assert [name for name in left if name != "deaths.json"] == ["lock", "lock", "parts", "portions"]


def start(folder, *flags):
    paths = [f"--{flag}={folder / name}" for flag, name in PLACES]
    command = [sys.executable, "-m", "pipelines.transcribe", *paths, *DIRECT, "--jobs=1", *flags]
    return subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_parts_that_start_at_the_same_instant_are_one_run(archive):
    flags = "--max_failure_rate=1"
    children = [start(archive, f"--part={number}/4", flags) for number in range(1, 5)]
    said = [child.communicate(timeout=300) for child in children]
    assert [child.returncode for child in children] == [0] * 4, said
    assert "".join(out for out, _ in said).count("all 4 parts are done") == 1
    assert alone(archive) == 0
    assert rows(archive) == rows(archive, "alone")
    assert news(archive) == news(archive, "alone")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--part=2/4"], "has 3 parts; give --part K/3"),
        (["--part=2/3", "--lines=find"], "began with --lines auto, and this part has --lines find"),
        (["--part=2/3", "--collection=b"], "began with --collection all, and this part has"),
        (["--part=2/3", "--redo"], "began with --redo off, and this part has --redo on"),
        (["--part=2/3", "--only=new"], "began with --only off, and this part has --only new"),
        (["--part=2/3", "--mets_group=MAX"], "began with --mets_group none, and this part has"),
    ],
)
def test_a_part_of_another_run_is_refused(archive, capsys, flags, expected):
    assert transcribe(archive, "--part=1/3") == 0
    capsys.readouterr()
    assert transcribe(archive, *flags) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert "run the command without --part" in error


def test_other_inputs_models_and_versions_are_refused(archive, capsys, monkeypatch):
    (archive / "list.txt").write_text(f"{archive}/in/p1.jpg\n{archive}/in/p2.jpg\n")
    listed = f"--input=@{archive}/list.txt"
    assert transcribe(archive, "--part=1/3", listed) == 0

    def refused(*flags):
        capsys.readouterr()
        assert transcribe(archive, "--part=2/3", *flags) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    assert f"--input @{archive}/list.txt, and this part has --input {archive}/in" in refused()
    (archive / "list.txt").write_text(f"{archive}/in/p1.jpg\n")
    assert "list.txt, which has another content now" in refused(listed)
    (archive / "list.txt").write_text(f"{archive}/in/p1.jpg\n{archive}/in/p2.jpg\n")
    assert "and this part has --model default" in refused(listed, "--model=default")
    monkeypatch.setattr("pipelines.transcription.parts.VERSION", "99.0")
    assert "and this part has Quire 99.0" in refused(listed)


def test_another_mount_is_the_same_input_with_a_root(archive):
    (archive / "mount").symlink_to(archive)
    first = transcribe(archive, "--part=1/2", f"--root={archive}", "--max_failure_rate=1")
    there = [f"--input={archive}/mount/in", f"--root={archive}/mount"]
    assert (first, transcribe(archive, "--part=2/2", *there, "--max_failure_rate=1")) == (0, 0)
    assert ask(archive, "SELECT count(*), count(DISTINCT page_uri) FROM pages") == [(13, 13)]


def test_a_part_that_is_done_ends_at_once(archive, capsys, monkeypatch):
    assert transcribe(archive, "--part=1/2") == 0
    monkeypatch.setattr("pipelines.transcription.parts.read_share", None)
    capsys.readouterr()
    assert transcribe(archive, "--part=1/2") == 0
    said = capsys.readouterr().out
    assert said.startswith("part 1/2 was done already: ")
    assert said.endswith("; 1 of 2 parts is done (not yet 2), the last one publishes\n")


def test_what_runs_already_is_refused_in_one_line(archive, capsys):
    # With a root the shares are the same in any folder, and part 2 has several pages.
    gate, root = archive / "gate", f"--root={archive}"
    environment = os.environ | {"GATE": str(gate)}
    paths = [f"--{flag}={archive / name}" for flag, name in PLACES]
    command = [sys.executable, "-m", "tests.slurm.gated", "transcribe", *paths, *DIRECT]
    command += ["--jobs=1", "--part=2/2", "--max_failure_rate=1", root]
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    while not list(archive.glob("gate.*")) and child.poll() is None:
        time.sleep(0.05)
    for flags, expected in (
        (["--part=2/2"], rf"part 2/2 runs already \(\S+, process {child.pid}\); wait for it"),
        ([], rf"another run \(part 2/2 on \S+, process {child.pid}\) writes here; wait for it"),
    ):
        assert transcribe(archive, *flags, root) == 4
        error = capsys.readouterr().err
        assert re.search(expected, error)
        assert error.count("\n") == 1
    # Stopped in the middle, it keeps what it has read, and the others are left alone.
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 4, errors
    assert errors.splitlines()[-1].startswith("interrupted; run the same command again")
    folder = Archive(str(archive / "out"))
    assert portion_names(folder.portions, "part2-")
    assert in_parts(archive, 2, root) == [0, 0]
    assert "part 2/2: " in capsys.readouterr().err
    assert alone(archive, root) == 0
    assert rows(archive) == rows(archive, "alone")


def test_a_part_is_refused_while_another_command_needs_the_output(archive, capsys):
    assert in_parts(archive, 1) == [0]
    capsys.readouterr()
    with run_lock(str(archive / "out" / ".unfinished")):
        assert transcribe(archive, "--part=1/2") == 4
    error = capsys.readouterr().err
    assert "writes here; wait for it" in error
    assert error.count("\n") == 1


def test_the_plain_command_finishes_what_parts_left(archive, capsys):
    assert transcribe(archive, "--part=2/3", "--max_failure_rate=1") == 0
    capsys.readouterr()
    assert transcribe(archive, "--max_failure_rate=1") == 0
    assert "kept; of its parts, 1, 3 were not done" in capsys.readouterr().err
    statuses = ask(archive, "SELECT status FROM runs ORDER BY run_id")
    assert statuses == [("interrupted",), ("complete",)]
    assert ask(archive, "SELECT count(*), count(DISTINCT page_uri) FROM pages") == [(13, 13)]
    assert last_run(archive)[0] == 13


def killed(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("flags", [["--part=1/2"], []])
def test_a_publisher_that_is_killed_at_its_end_is_replaced(archive, capsys, monkeypatch, flags):
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "clear_unfinished", killed)
        assert in_parts(archive, 2) == [0, 130]
    capsys.readouterr()
    assert transcribe(archive, *flags, "--max_failure_rate=1") == 0
    said = capsys.readouterr().out
    assert alone(archive) == 0
    assert rows(archive)["lines"] == rows(archive, "alone")["lines"]
    assert news(archive)[:1] == news(archive, "alone")
    if flags:
        assert said.startswith("part 1/2 was done already: ")
        assert said.endswith("all 2 parts are done and published\n")


@pytest.mark.parametrize("flags", [["--part=1/2"], []])
def test_a_publisher_that_is_killed_before_is_replaced(archive, capsys, monkeypatch, flags):
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.transcription.pipeline.publish", killed)
        assert in_parts(archive, 2) == [0, 130]
    capsys.readouterr()
    assert transcribe(archive, *flags, "--max_failure_rate=1") == 0
    said = capsys.readouterr()
    if flags:
        assert said.out.startswith("part 1/2 was done already: ")
        assert "all 2 parts are done\npages: 13 in" in said.out
    else:
        assert ": 13 pages published" in said.err
    assert alone(archive) == 0
    assert news(archive)[:1] == news(archive, "alone")


def test_what_was_published_but_not_cleared_away_bars_no_other_run(archive, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "clear_unfinished", killed)
        assert in_parts(archive, 1) == [130]
    assert in_parts(archive, 2, "--lines=find") == [0, 0]
    assert [row[0] for row in news(archive)] == ["complete", "complete"]


def test_a_clock_that_is_ahead_does_not_matter(archive, monkeypatch):
    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(timezone.utc) + timedelta(hours=1)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.tables.runs.datetime", Ahead)
        assert transcribe(archive, "--part=1/2") == 0
    assert transcribe(archive, "--part=2/2", "--max_failure_rate=1") == 0
    assert ask(archive, "SELECT status, finished >= started FROM runs") == [("complete", True)]
    assert in_parts(archive, 2) == [0, 0]
    assert [row[0] for row in ask(archive, "SELECT pages_unchanged FROM runs ORDER BY run_id")] == [
        0,
        12,
    ]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--part=9/8"], "--part 9/8: there is no such part"),
        (["--part=auto"], "--part auto: this is no task of an array"),
        (["--part=1/8", "--dry_run"], "--part 1/8 and --dry_run exclude each other"),
        (["--part=1/8", "--output=hdfs://host/out"], "is in a store without conditions, where"),
    ],
)
def test_what_cannot_be_a_part_is_refused(archive, capsys, monkeypatch, flags, expected):
    monkeypatch.setattr("pipelines.cli.places.scheme_fault", lambda path: "")
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    assert transcribe(archive, *flags) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not (archive / "out").exists()
