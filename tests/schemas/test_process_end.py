"""The end of a command's process."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEFORE = "import atexit, sys, threading, time\nfrom schemas.process_end import end_process\n"

ENDS = [
    ("end_process(lambda: 0)", 0, ""),
    ("end_process(lambda: None)", 0, ""),
    ("end_process(lambda: 3)", 3, ""),
    ("end_process(lambda: sys.exit(2))", 2, ""),
    ("end_process(lambda: sys.exit())", 0, ""),
    ("end_process(lambda: sys.exit('no'))", 1, "no\n"),
    ("def main(): raise KeyboardInterrupt\nend_process(main)", 130, "interrupted\n"),
    ("end_process(lambda: 1 // 0)", 1, "ZeroDivisionError: "),
]


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-c", BEFORE + code], capture_output=True, text=True, cwd=ROOT, **options
    )


@pytest.mark.parametrize(("code", "status", "error"), ENDS)
def test_the_status_is_that_of_the_command(code, status, error):
    ended = run(code)
    assert ended.returncode == status
    assert error in ended.stderr and bool(error) == bool(ended.stderr)


def test_what_is_registered_is_run_and_what_was_printed_arrives():
    ended = run(
        "atexit.register(print, 'registered')\n"
        "threading.Timer(0.1, print, ['thread']).start()\n"
        "print('x' * 99_999)\n"
        "end_process(lambda: 4)"
    )
    assert ended.returncode == 4
    assert ended.stdout == "x" * 99_999 + "\nthread\nregistered\n"


def test_python_is_not_torn_down():
    code = (
        "class Late:\n    def __del__(self): print('torn down')\n"
        "late = Late()\nend_process(lambda: 0)"
    )
    assert run(code).stdout == ""


def test_a_reader_that_is_gone_changes_no_status(monkeypatch):
    # Then what was printed is written at the end only.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with subprocess.Popen(
        [sys.executable, "-c", f"{BEFORE}print('x')\nend_process(lambda: 3)"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        process.stdout.close()
    assert process.returncode == 3
