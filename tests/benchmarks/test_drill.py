"""A short drill, and what it is made of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.drill.hook import sitecustomize as hook
from benchmarks.drill.kills import in_child, spread
from benchmarks.drill.modules import PARTS
from benchmarks.drill.outcome import Outcome, table

ROOT = Path(__file__).parents[2]
WRITE = """
import os, sys
with open("other", "w") as file:
    file.write("not counted")
os.mkdir("out/a")
with open("out/a/x.part", "w") as file:
    file.write("1234")
os.rename("out/a/x.part", "out/a/x")
"""
# The operation, when it is killed, and what is left.
KILLS = [
    (0, "before", {"a/x": "1234"}),
    (1, "before", {}),
    (2, "before", {}),
    (2, "middle", {"a/x.part": "12"}),
    (3, "before", {"a/x.part": "1234"}),
    (4, "before", {"a/x": "1234"}),
]


@pytest.mark.parametrize(("at", "moment", "left"), KILLS)
def test_a_process_is_killed_at_an_operation(tmp_path, at, moment, left):
    (tmp_path / "out").mkdir()
    watched = {
        hook.FOLDERS: str(tmp_path / "out"), hook.LOG: str(tmp_path / "log"),
        hook.AT: str(at), hook.MOMENT: moment, "PYTHONPATH": str(Path(hook.__file__).parent),
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", WRITE], cwd=tmp_path, env=os.environ | watched, check=False
    )
    files = [path for path in tmp_path.glob("out/**/*") if path.is_file()]
    found = {str(path.relative_to(tmp_path / "out")): path.read_text() for path in files}
    assert found == left
    is_killed = 0 < at < 4
    assert ended.returncode == (-signal.SIGKILL if is_killed else 0)
    assert is_killed or (tmp_path / "log").stat().st_size == 3


def test_operations_are_spread():
    assert spread(9, 3) == [1, 5, 9]
    assert spread(2, 3) == [1, 2] and spread(9, 1) == [5] and spread(0, 3) == []


def test_the_table_names_what_did_not_survive():
    outcome = Outcome("a")
    outcome.add()
    outcome.add("broke")
    assert table([outcome]).splitlines()[2:] == ["| a | 2 | 1 |", "a: broke"]


def test_the_parts_are_tests():
    assert [path for path in PARTS.values() if not (ROOT / path).is_file()] == []


def test_a_child_gives_its_status_and_result(tmp_path):
    assert in_child(lambda: 3) == (3, "")
    assert in_child(lambda: [1]) == (0, "[1]")
    assert in_child(lambda: os.kill(os.getpid(), signal.SIGKILL))[0] == -signal.SIGKILL
    assert in_child(lambda: 1 / 0, tmp_path / "said")[0] == 1
    assert "ZeroDivisionError" in (tmp_path / "said").read_text()


def test_a_short_drill():
    flags = ["--most", "1", "--ends", "0", "--no-tests", "--only", "transcribe in one"]
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.drill", *flags],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "| transcribe in one process, killed before a file operation | 1 | 1 |" in ended.stdout
    assert "| transcribe in one process, killed in the middle of one | 1 | 1 |" in ended.stdout
