"""The progress line on a fake terminal."""

from __future__ import annotations

import io
import os
import struct
import threading

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.cli.progress import increment, show_progress
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


@pytest.mark.parametrize(
    ("stream", "runner"), [(io.StringIO(), LOCAL_RUNNER), (FakeTerminal(), "DataflowRunner")]
)
def test_without_a_terminal_or_local_workers_nothing_is_shown(
    stream, runner, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with show_progress("ingest", PipelineOptions([], runner=runner), stream) as counters:
        assert counters is None
        assert not is_drawing()
        assert list(tmp_path.iterdir()) == []
    assert stream.getvalue() == ""


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
