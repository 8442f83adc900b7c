"""The progress line on a fake terminal."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
from datetime import datetime

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.cli.progress import increment, show_progress
from pipelines.cli.screen import LogFile, Screen, open_screen
from tests.pipelines.cli.fake_terminal import ClosedTerminal, FakeTerminal

LOCAL = PipelineOptions([], runner=LOCAL_RUNNER)


def is_drawing():
    return "progress" in [thread.name for thread in threading.enumerate()]


def count(counters, found, finished):
    for path, times in ((counters.found, found), (counters.finished, finished)):
        for _ in range(times):
            increment(path)


def test_the_line_is_redrawn_in_place_and_ended():
    terminal = FakeTerminal("3 of 12 pages")
    with show_progress("ingest", LOCAL, terminal) as counters:
        count(counters, 12, 3)
        assert terminal.came.wait(60), "the thread draws on its own"
        assert "\n" not in terminal.getvalue()
        count(counters, 0, 9)
    shown = terminal.getvalue()
    assert shown.startswith("\ringest  ") and shown.count("\n") == 1
    last = shown.split("\r")[-1]
    assert last.startswith("ingest  12 of 12 pages  100 %  ")
    assert last.rstrip(" \n").endswith("in all") and last.endswith("\n")


def test_a_shorter_line_blanks_the_longer_one():
    longer = "ingest  1,234,567,890 pages found"
    terminal = FakeTerminal(longer)
    with show_progress("ingest", LOCAL, terminal) as counters:
        os.truncate(counters.found, 1_234_567_890)
        assert terminal.came.wait(60)
        os.truncate(counters.found, 0)
    last = terminal.getvalue().split("\r")[-1]
    assert len(last.rstrip()) < len(longer)
    assert len(last) == len(longer + "\n")


def fail_after(terminal, found, finished):
    with show_progress("ingest", LOCAL, terminal) as counters:
        count(counters, found, finished)
        raise ValueError("broken")


def test_the_line_is_ended_when_the_run_fails():
    terminal = FakeTerminal()
    with pytest.raises(ValueError, match="broken"):
        fail_after(terminal, 5, 2)
    assert "ingest  2 of 5 pages  40 %" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")


def test_no_file_or_thread_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with show_progress("ingest", LOCAL, FakeTerminal()) as counters:
        assert str(tmp_path) in counters.found
        assert is_drawing()
    assert list(tmp_path.iterdir()) == []
    assert not is_drawing()


QUIET = Screen(is_quiet=True)


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead, alive, other = (
        tmp_path / name
        for name in (f"quire-progress-{child.pid}-x", f"quire-progress-{os.getpid()}-x", "quire-1")
    )
    for folder in (dead, alive, other):
        folder.mkdir()
        (folder / "found").touch()
    (tmp_path / f"quire-progress-{child.pid}-link").symlink_to(other)
    with show_progress("ingest", LOCAL, FakeTerminal()):
        pass
    assert not dead.exists() and (alive / "found").exists() and (other / "found").exists()


@pytest.mark.parametrize(
    ("stream", "runner", "screen"),
    [
        (FakeTerminal(), "DataflowRunner", Screen()),
        (io.StringIO(), "DataflowRunner", Screen()),
        (FakeTerminal(), LOCAL_RUNNER, QUIET),
        (io.StringIO(), LOCAL_RUNNER, QUIET),
    ],
)
def test_of_a_quiet_run_or_of_workers_elsewhere_nothing_is_shown(
    stream, runner, screen, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    options = PipelineOptions([], runner=runner)
    with open_screen(screen, False), show_progress("ingest", options, stream) as counters:
        assert counters is None
        assert not is_drawing()
        assert list(tmp_path.iterdir()) == []
    assert stream.getvalue() == ""


class FakeFile(FakeTerminal):
    def isatty(self):
        return False


def test_without_a_terminal_there_is_a_line_a_minute(monkeypatch):
    monkeypatch.setattr("pipelines.cli.progress.LINE_INTERVAL_S", 0.8)
    stream = FakeFile("30 of 120 pages")
    with show_progress("ingest", LOCAL, stream) as counters:
        count(counters, 120, 30)
        assert stream.came.wait(60)
    lines = stream.getvalue().splitlines()
    assert datetime.strptime(lines[0].partition(" ingest  ")[0], "%Y-%m-%d %H:%M:%S")
    assert "30 of 120 pages  25 %" in lines[0]
    assert lines[-1].endswith("in all")


def test_a_short_run_without_a_terminal_says_nothing():
    stream = FakeFile()
    with show_progress("ingest", LOCAL, stream) as counters:
        count(counters, 2, 2)
    assert stream.getvalue() == ""


def test_the_log_has_a_line_a_minute_of_a_quiet_run_too(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.cli.progress.LINE_INTERVAL_S", 0.0)
    log = LogFile(str(tmp_path / "log"))
    screen = open_screen(Screen(is_quiet=True, log=log), False)
    with screen, show_progress("ingest", LOCAL, FakeTerminal()) as counters:
        count(counters, 4, 3)
    *_, last = (tmp_path / "log").read_text().splitlines()
    assert "ingest  3 of 4 pages  75 %" in last


def test_the_default_stream_is_standard_error(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with show_progress("ingest", LOCAL):
        pass
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ingest  0 pages" in captured.err


@pytest.mark.parametrize("columns", [1, 12, 24, 40])
def test_no_line_is_wider_than_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = FakeTerminal("\r")
    with show_progress("transcribe", LOCAL, terminal) as counters:
        count(counters, 2000, 1000)
        assert terminal.came.wait(60)
    lines = terminal.getvalue().rstrip("\n").split("\r")
    assert max(map(len, lines)) < columns


def test_a_real_terminal_gives_its_width():
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    controller, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))
    with os.fdopen(terminal, "w") as stream:
        with show_progress("ingest", LOCAL, stream) as counters:
            count(counters, 9, 9)
        shown = os.read(controller, 1000).decode()
    os.close(controller)
    assert shown == "\ringest  9 of 9 pages  100 %\r\n"


def test_a_terminal_that_was_closed_does_not_end_the_run():
    terminal = ClosedTerminal("\r")
    with show_progress("ingest", LOCAL, terminal) as counters:
        assert terminal.came.wait(60)
        count(counters, 1, 1)
    assert "1 of 1 pages" in terminal.getvalue()
