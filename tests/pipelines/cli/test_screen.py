"""What reaches the screen and the log."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pipelines.cli.options import verb_parser
from pipelines.cli.running import run_verb

COMMAND = """
import logging, sys, warnings
from pipelines.cli.options import verb_parser
from pipelines.cli.running import run_verb

def run(args):
    print("pages: 3")
    print("1 failed", file=sys.stderr)
    warnings.warn("a library is old")
    logging.getLogger("library").warning("consider pre-processing")
    logging.getLogger("library").error("no connection")
    return 3

sys.exit(run_verb(verb_parser("lines", "A test.", prints_data=DATA), run, sys.argv[1:]))
"""


def run(*flags, prints_data=False):
    """Return what a process shows on its two streams."""
    code = COMMAND.replace("DATA", str(prints_data))
    command = [sys.executable, "-c", code, *map(str, flags)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("flags", "prints_data", "out", "seen", "unseen"),
    [
        ((), False, "pages: 3\n", ["1 failed", "no connection"], ["old", "consider", "Python"]),
        (("--quiet",), False, "", ["1 failed", "no connection"], ["old", "consider", "Python"]),
        (("--quiet",), True, "pages: 3\n", ["1 failed"], ["old", "consider"]),
        (
            ("--verbose",),
            False,
            "pages: 3\n",
            ["1 failed", "a library is old", "consider", "quire 0", "exit status 3"],
            [],
        ),
    ],
)
def test_messages_of_libraries_are_shown_on_demand(flags, prints_data, out, seen, unseen):
    shown, errors = run(*flags, prints_data=prints_data)
    assert shown == out
    assert [text for text in seen if text not in errors] == []
    assert [text for text in unseen if text in errors] == []


@pytest.mark.parametrize("flags", [(), ("--quiet",), ("--verbose",)])
def test_the_log_has_everything_with_its_time(tmp_path, flags):
    path = tmp_path / "log"
    path.write_text("before\n")
    run("--log_file", path, *flags)
    before, *lines = path.read_text().splitlines()
    assert before == "before"
    times = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d "
    assert [line for line in lines if not re.match(times, line)] == []
    texts = [line.partition(" ")[2] for line in lines]
    for wanted in (
        "pages: 3",
        "1 failed",
        "library: consider pre-processing",
        "no connection",
        "lines ended with exit status 3 after 0 s",
    ):
        assert wanted in texts or (flags == ("--verbose",) and any(wanted in t for t in texts))
    assert texts[0].startswith("quire 0") and "--log_file" in texts[1]
    assert texts.count("1 failed") == 1


def test_data_is_not_logged(tmp_path):
    path = tmp_path / "log"
    out, _ = run("--log_file", path, prints_data=True)
    assert out == "pages: 3\n" and "pages: 3" not in path.read_text()


def test_a_log_that_cannot_be_written_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        run_verb(verb_parser("lines", "A test."), pytest.fail, ["--log_file", str(tmp_path)])
    assert ended.value.code == 2
    assert f"--log_file {tmp_path}: Is a directory" in capsys.readouterr().err


def test_a_crash_is_in_the_log(tmp_path):
    def crash(args):
        raise ZeroDivisionError("a bug")

    path = tmp_path / "log"
    with pytest.raises(ZeroDivisionError):
        run_verb(verb_parser("lines", "A test."), crash, ["--log_file", str(path)])
    assert "ZeroDivisionError: a bug" in path.read_text()


def test_every_command_has_a_version(capsys):
    with pytest.raises(SystemExit) as ended:
        run_verb(verb_parser("lines", "A test."), pytest.fail, ["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("quire 0")
