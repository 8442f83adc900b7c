"""--engine: the flags of Beam that it stands for."""

from __future__ import annotations

import re
import shlex

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import LOCAL_RUNNER, verb_parser
from pipelines.engines.flags import ENGINES, add_engine_flags, beam_flags
from pipelines.engines.running import run_beam_verb
from pipelines.ingest import main as ingest
from pipelines.lines import main as lines
from pipelines.transcribe import main as transcribe
from tests.documented import parser_of

COMMANDS = {"ingest": ingest, "lines": lines, "transcribe": transcribe}


def options_of(*flags):
    """Run a command that does nothing, and return its flags and Beam's options."""
    parser = verb_parser("test", "A test.")
    parser.add_argument("--jobs", type=int, default=3)
    add_engine_flags(parser)
    found = []

    def run(args, options):
        found.append((args, options.get_all_options()))
        return 0

    assert run_beam_verb(parser, run, list(flags)) == 0
    return found[0]


@pytest.mark.parametrize(
    ("flags", "jobs", "expected"),
    [
        (["--engine", "local"], 3, {"runner": LOCAL_RUNNER}),
        (["--engine", "processes"], 1, {"direct_num_workers": 3, "runner": LOCAL_RUNNER}),
        (["--engine", "processes"], 1, {"direct_running_mode": "multi_processing"}),
        (["--engine", "processes", "--direct_num_workers=7"], 1, {"direct_num_workers": 7}),
        (
            ["--engine", "processes", "--direct_running_mode", "multi_threading"],
            1,
            {"direct_running_mode": "multi_threading", "direct_num_workers": 3},
        ),
    ],
)
def test_engines_on_this_machine(flags, jobs, expected):
    args, options = options_of(*flags)
    assert args.jobs == jobs
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("engine", "given", "expected"),
    [
        (
            "flink",
            [],
            {
                "runner": "FlinkRunner",
                "flink_master": "localhost:8081",
                "environment_type": "EXTERNAL",
                "environment_config": "localhost:50000",
            },
        ),
        (
            "flink",
            ["--flink_master=f:1", "--environment_type=LOOPBACK"],
            {"flink_master": "f:1", "environment_type": "LOOPBACK", "environment_config": None},
        ),
        ("flink", ["--job_endpoint=j:1"], {"flink_master": "[auto]", "job_endpoint": "j:1"}),
        ("flink", ["--environment_config=w:1"], {"environment_config": "w:1"}),
        ("dataflow", [], {"runner": "DataflowRunner", "number_of_worker_harness_threads": 1}),
        ("dataflow", ["--number_of_worker_harness_threads=4"], {"runner": "DataflowRunner"}),
        ("", [], {"runner": None, "direct_num_workers": 1}),
    ],
)
def test_flags_that_are_given_win(engine, given, expected):
    presets = beam_flags(engine, {flag.partition("=")[0] for flag in given}, 3)
    options = PipelineOptions([*presets, *given]).get_all_options()
    assert {name: options[name] for name in expected} == expected
    assert not set(presets) & {flag.partition("=")[0] for flag in given}


def test_a_runner_of_another_engine_wins(capsys):
    _, options = options_of("--engine", "flink", "--runner", "DirectRunner")
    assert options["runner"] == LOCAL_RUNNER and options["environment_type"] is None
    said = "--engine flink is not used, as --runner DirectRunner is given\n"
    assert capsys.readouterr().err == said


def test_the_engine_is_a_setting(tmp_path):
    (tmp_path / "q.toml").write_text('[test]\nengine = "processes"\ndirect_num_workers = 5\n')
    _, options = options_of("--config", str(tmp_path / "q.toml"))
    assert options["direct_num_workers"] == 5


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_shows_three_commands_of_each_engine(verb, capsys):
    with pytest.raises(SystemExit):
        COMMANDS[verb](["--help"])
    shown = capsys.readouterr().out.partition("Commands of each engine:")[2]
    commands = re.findall(rf"^  .*pipelines\.{verb} (.*)$", shown, re.MULTILINE)
    parser, found = parser_of(f"pipelines.{verb}"), []
    for command in commands:
        words = shlex.split(command)
        # A settings file has the flags that are not here.
        words += [] if "--input" in words else ["--input", "x", "--output", "y"]
        args, rest = parser.parse_known_args(words)
        assert {word for word in rest if word.startswith("--")} <= beam_flag_names()
        found.append(args.engine or "local")
    assert found == [engine for engine in ENGINES for _ in range(3)]


def beam_flag_names():
    return {f"--{name}" for name in PipelineOptions([]).get_all_options()}


@pytest.mark.parametrize("flags", [["--dry_run"], ["--dry_run=True"]])
def test_a_dry_run_of_beam_is_no_dry_run(flags, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        lines(["--input", str(tmp_path), "--output", str(tmp_path / "out"), *flags])
    said = capsys.readouterr().err
    assert "lines has no --dry_run; to see the job that Dataflow would get, give --engine" in said
