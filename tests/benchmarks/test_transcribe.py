"""The arithmetic and the helpers of the transcribe benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from benchmarks.growth import costs, repeat_pages
from benchmarks.pace import Pace
from benchmarks.transcribe_run import count_rows, resident_mb


def run(seconds: float, memory_mb: float, loop_ms: float = 50.0) -> dict:
    return {
        "loop_ms": loop_ms,
        "seconds": seconds,
        "cpu_seconds": seconds / 2,
        "peak_mb": memory_mb,
        "settled_mb": memory_mb - 10,
    }


def test_the_cost_per_page_excludes_the_start_up():
    rows = costs([1, 11, 101], [run(5.0, 200), run(6.0, 210), run(15.0, 220)])
    assert [row["clock_ms"] for row in rows] == pytest.approx([100.0, 100.0])
    assert [row["cpu_ms"] for row in rows] == pytest.approx([50.0, 50.0])
    assert [row["settled_mb"] for row in rows] == [200, 210]


def test_the_speed_of_the_machine_cancels_out():
    """In the larger run the machine was half as fast, as the concurrent loop shows."""
    rows = costs([1, 11, 101], [run(5.0, 200), run(6.0, 210), run(30.0, 220, loop_ms=100.0)])
    assert [row["loops"] for row in rows] == pytest.approx([1.0, 1.0])
    assert rows[1]["cpu_ms"] > 2 * rows[0]["cpu_ms"]


def sleep_s(seconds: float) -> float:
    time.sleep(seconds)
    return 2.0


def test_the_reference_task_is_repeated():
    with Pace(sleep_s, 0.02) as pace:
        mark = pace.mark()
        while pace.mark()[0] < mark[0] + 2:
            time.sleep(0.01)
        assert pace.seconds_since(mark) == 2.0
    assert not pace.is_running


def test_a_run_that_is_shorter_than_a_round_is_reported():
    with Pace(sleep_s, 2.0) as pace, pytest.raises(SystemExit, match="more pages"):
        pace.seconds_since(pace.mark())


@pytest.fixture
def pages(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.jpg").write_text(f"image {name}")
    (tmp_path / "a.xml").write_text("lines of a")
    return sorted(map(str, tmp_path.glob("*.jpg")))


def test_pages_are_repeated_with_the_markup_beside_them(pages, tmp_path):
    folder = tmp_path / "many"
    assert repeat_pages(pages, 3, folder) == f"{folder}/*.jpg"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "page_000000.jpg": "image a",
        "page_000000.xml": "lines of a",
        "page_000001.jpg": "image b",
        "page_000002.jpg": "image a",
        "page_000002.xml": "lines of a",
    }


def test_pages_are_copied_where_they_cannot_be_linked(pages, tmp_path, monkeypatch):
    def refuse(source, target):
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refuse)
    repeat_pages(pages, 2, tmp_path / "many")
    assert (tmp_path / "many" / "page_000001.jpg").read_text() == "image b"


def test_rows_are_counted_in_every_partition(tmp_path):
    for name, rows in (("x=1/a", 3), ("x=2/b", 4)):
        path = tmp_path / f"{name}.parquet"
        path.parent.mkdir()
        parquet.write_table(pa.table({"n": list(range(rows))}), path)
    assert count_rows(tmp_path) == 7


def test_memory_counts_the_processes_that_were_started():
    command = [sys.executable, "-c", "data = bytearray(50 << 20); print(1, flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert resident_mb(child.pid) > 50
        assert resident_mb(os.getpid()) > resident_mb(child.pid)
        child.communicate(b"\n")


def test_a_process_that_has_ended_has_no_memory():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert resident_mb(child.pid) == 0.0
