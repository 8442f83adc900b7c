"""Flags and exit statuses."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pipelines.cli.jobs import add_jobs_flag
from pipelines.cli.options import (
    EXIT_FAILURES,
    LOCAL_RUNNER,
    UsageError,
    add_output_flags,
    finish,
    verb_parser,
)
from pipelines.cli.running import run_verb
from pipelines.engines.running import run_beam_verb

VERBS = ("ingest", "train", "transcribe", "query", "evaluate", "show", "sample")


@pytest.fixture
def parser():
    parser = verb_parser("test", "A test.")
    add_output_flags(parser)
    return parser


def test_flags_of_the_command_and_of_beam_are_separated(parser):
    def run(args, options):
        given = options.get_all_options()
        assert (args.output, given["direct_num_workers"]) == ("o", 3)
        assert given["runner"] == LOCAL_RUNNER
        return 7

    assert run_beam_verb(parser, run, ["--output", "o", "--direct_num_workers", "3"]) == 7


@pytest.mark.parametrize(
    ("given", "runner"),
    [("DirectRunner", LOCAL_RUNNER), ("FlinkRunner", "FlinkRunner"), ("DataflowRunner",) * 2],
)
def test_only_the_direct_runner_is_replaced(parser, given, runner):
    def run(args, options):
        assert options.get_all_options()["runner"] == runner
        return 0

    assert run_beam_verb(parser, run, ["--output", "o", "--runner", given]) == 0


@pytest.mark.parametrize(
    ("flags", "jobs", "said"),
    [
        ([], None, ""),
        (["--jobs", "3"], 3, ""),
        (["--runner", "DirectRunner", "--jobs", "3"], 3, ""),
        (["--direct_num_workers", "2"], 1, ""),
        (["--direct_num_workers=2", "--jobs", "3"], 1, "--jobs 3 is not used, as --direct_num"),
        (["--direct_running_mode", "multi_processing"], 1, ""),
        (["--runner", "FlinkRunner", "--jobs", "4"], 1, "--jobs 4 is not used, as --runner"),
    ],
)
def test_flags_of_beam_win_over_jobs(parser, flags, jobs, said, capsys):
    add_jobs_flag(parser)

    def run(args, options):
        assert getattr(args, "jobs", None) == jobs
        return 0

    assert run_beam_verb(parser, run, ["--output", "o", *flags]) == 0
    err = capsys.readouterr().err
    assert err.startswith(said) and bool(err) == bool(said)


@pytest.mark.parametrize("run_one", [run_verb, run_beam_verb])
@pytest.mark.parametrize("flag", ["--outpu=x", "--overwritten", "stray"])
def test_unknown_and_shortened_flags_are_errors(parser, run_one, flag, capsys):
    with pytest.raises(SystemExit) as stopped:
        run_one(parser, pytest.fail, ["--output", "o", flag])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("rate", ["-0.1", "1.5", "five"])
def test_a_share_is_between_0_and_1(parser, rate, capsys):
    with pytest.raises(SystemExit):
        run_verb(parser, pytest.fail, ["--output", "o", "--max_failure_rate", rate])
    assert "--max_failure_rate" in capsys.readouterr().err


def test_a_usage_error_is_one_line(parser, capsys):
    def run(args):
        raise UsageError("x: no such file; check --input")

    assert run_verb(parser, run, ["--output", "o"]) == 2
    assert capsys.readouterr().err == "x: no such file; check --input\n"


def test_too_many_failures_name_the_table_that_lists_them(capsys):
    assert finish(0.05, 0.05, "out/failures") == 0
    assert finish(0.06, 0.05, "out/failures") == EXIT_FAILURES
    assert "6.0% failed" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_help_loads_nothing_heavy(verb):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['{verb}', '--help']\n"
        "try:\n"
        f"    runpy.run_module('pipelines.{verb}', run_name='__main__')\n"
        "except SystemExit as stopped:\n"
        "    assert stopped.code == 0\n"
        "heavy = {'tensorflow', 'keras', 'tfx', 'tensorflow_model_analysis',\n"
        "         'tensorflow_data_validation'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"python -m pipelines.{verb}" in done.stdout


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (OSError(28, "No space left on device"), 4, "no space left on the disk"),
        (
            RuntimeError("OSError: [Errno 28] No space left on device [while running]"),
            4,
            "no space",
        ),
        (
            NotADirectoryError(20, "Not a directory", "a.txt/x"),
            2,
            "a.txt/x: Not a directory; check",
        ),
        (PermissionError(13, "Permission denied", "/x"), 2, "/x: Permission denied; check"),
    ],
)
def test_an_error_of_the_environment_is_one_line(parser, capsys, error, status, message):
    def run(args):
        raise error

    assert run_verb(parser, run, ["--output", "o"]) == status
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1


def test_a_terminated_run_cleans_up(parser, capsys):
    cleaned_up = []

    def run(args):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(9)
        finally:
            cleaned_up.append(True)

    before = signal.getsignal(signal.SIGTERM)
    assert run_verb(parser, run, ["--output", "o"]) == 4
    assert cleaned_up and capsys.readouterr().err == "interrupted\n"
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_closed_pipe_is_no_error():
    code = (
        "import sys; from pipelines.cli.options import verb_parser\n"
        "from pipelines.cli.running import run_verb\n"
        "def run(args):\n"
        "    for _ in range(100_000): print('a line of some length')\n"
        "    return 0\n"
        "sys.exit(run_verb(verb_parser('test', 'x'), run, []))"
    )
    ran = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "$0" | head -1; exit ${{PIPESTATUS[0]}}', code],
        capture_output=True,
        text=True,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("a line of some length\n", "", 0)


def test_an_output_folder_has_no_wildcards(parser, capsys):
    with pytest.raises(SystemExit) as ended:
        run_verb(parser, lambda args: 0, ["--output", "out[1858]"])
    assert ended.value.code == 2
    assert "out[1858] contains one of * ? [" in capsys.readouterr().err


def test_other_errors_are_not_hidden(parser):
    def run(args):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run_verb(parser, run, ["--output", "o"])


def test_help_lists_the_exit_statuses(parser):
    text = " ".join(parser.format_help().split())
    assert "0 complete, 2 invalid arguments, 3 finished with more failures" in text
    assert "4 interrupted, no space left or another run at work, 130 Ctrl-C" in text
