"""The `main` of a command."""

import sys

import pytest

from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser
from pipelines.engines.running import run_beam_verb


def make_parser():
    parser = verb_parser("test", "A test.")
    parser.add_argument("--count", type=int, default=1)
    return parser


def test_arguments_are_those_given_or_those_of_the_process(monkeypatch):
    main = command_main(make_parser, lambda args: args.count)
    assert main(["--count", "7"]) == 7
    monkeypatch.setattr(sys, "argv", ["test", "--count", "8"])
    assert main() == 8


def test_the_parser_is_made_when_the_command_runs():
    def refuse():
        raise UsageError("no parser")

    main = command_main(refuse, lambda args: 0)
    with pytest.raises(UsageError, match="no parser"):
        main([])


def test_unknown_flags_belong_to_beam_only_where_beam_runs():
    def run(args, options):
        return options.get_all_options()["direct_num_workers"] + args.count

    flags = ["--count", "4", "--direct_num_workers", "3"]
    assert command_main(make_parser, run, run_beam_verb)(flags) == 7
    with pytest.raises(SystemExit) as ended:
        command_main(make_parser, lambda args: 0)(flags)
    assert ended.value.code == 2


def test_arguments_that_cannot_be_used_are_one_line_and_status_2(capsys):
    def run(args):
        raise UsageError(f"--count {args.count} is too small")

    assert command_main(make_parser, run)(["--count", "0"]) == 2
    assert capsys.readouterr().err == "--count 0 is too small\n"
