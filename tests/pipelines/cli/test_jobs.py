"""How many processes there are by default."""

from __future__ import annotations

import argparse
import os

import pytest

from pipelines.cli import jobs
from pipelines.cli.jobs import Jobs, add_jobs_flag, core_count, default_jobs, free_bytes, jobs_of

GB = 10**9


def parse(*flags):
    parser = argparse.ArgumentParser()
    add_jobs_flag(parser)
    return parser.parse_args(flags)


def test_the_flag_wins():
    assert jobs_of(parse("--jobs", "3")) == Jobs(3, is_asked=True)
    assert jobs_of(parse("--jobs", "3"), uses_gpu=True) == Jobs(3, is_asked=True)


def test_by_default_there_is_one_for_each_core(monkeypatch):
    monkeypatch.setattr(jobs, "core_count", lambda: 7)
    monkeypatch.setattr(jobs, "free_bytes", lambda: 100 * GB)
    assert jobs_of(parse()) == Jobs(7, is_asked=False)
    assert jobs_of(parse(), uses_gpu=True) == Jobs(1, is_asked=False)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_a_number_of_processes_is_one_or_more(text, capsys):
    with pytest.raises(SystemExit):
        parse(f"--jobs={text}")
    assert "is not a number of processes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cores", "free", "expected"),
    [
        (4, None, 4),
        (4, 64 * GB, 4),
        (64, 4 * GB, 5),
        (4, 0, 1),
        (4, -GB, 1),
    ],
)
def test_memory_that_is_short_lowers_the_number(cores, free, expected):
    assert default_jobs(cores, free) == expected


@pytest.fixture
def group(tmp_path, monkeypatch):
    """Return a function that writes the files of a container's limits."""
    paths = {
        "_CPU_V2": tmp_path / "cpu.max",
        "_CPU_V1": (tmp_path / "quota", tmp_path / "period"),
        "_MEMORY_V2": (tmp_path / "memory.max", tmp_path / "memory.current"),
        "_MEMORY_V1": (tmp_path / "limit", tmp_path / "usage"),
        "_MEMINFO": tmp_path / "meminfo",
    }
    for name, path in paths.items():
        monkeypatch.setattr(jobs, name, path)

    def write(**files):
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(f"{text}\n")

    return write


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 16),
        ({"cpu_max": "max 100000"}, 16),
        ({"cpu_max": "200000 100000"}, 2),
        ({"cpu_max": "50000 100000"}, 1),
        ({"cpu_max": "3200000 100000"}, 16),
        ({"quota": "-1", "period": "100000"}, 16),
        ({"quota": "400000", "period": "100000"}, 4),
    ],
)
def test_cores_are_those_of_the_container(group, monkeypatch, files, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    group(**files)
    assert core_count() == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"meminfo": "MemTotal: 9 kB\nMemAvailable:   4000 kB"}, 4_096_000),
        ({"memory_max": "5000", "memory_current": "2000"}, 3000),
        ({"memory_max": "max", "memory_current": "2000"}, None),
        ({"memory_max": "5000", "memory_current": "2000", "meminfo": "MemAvailable: 1 kB"}, 1024),
        ({"limit": "9000", "usage": "2000"}, 7000),
    ],
)
def test_memory_is_the_least_that_any_of_them_leaves(group, files, expected):
    group(**files)
    assert free_bytes() == expected
