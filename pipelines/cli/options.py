"""Shared flags and exit statuses of all commands."""

from __future__ import annotations

import argparse
import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pipelines.cli.screen import add_screen_flags
from schemas import VERSION
from schemas.help_format import HelpFormatter
from schemas.program import CONSOLE_SCRIPT, program_name

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_FAILURES = 3
EXIT_INTERRUPTED = 4
EXIT_CTRL_C = 130

DEFAULT_MAX_FAILURE_RATE = 0.05

# Wildcards in paths.
WILD_CARD = re.compile(r"[*?[]")

# The runner behind Beam's DirectRunner, which would first try to download Prism.
LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"

_EXIT_STATUSES = (
    f"Exit status: {EXIT_OK} complete, {EXIT_USAGE} invalid arguments, "
    f"{EXIT_FAILURES} finished with more failures than accepted or with nothing of use, "
    f"{EXIT_INTERRUPTED} interrupted, no space left or another run at work, {EXIT_CTRL_C} Ctrl-C."
)
_BEAM_FLAGS = (
    "Flags of Apache Beam are accepted too: --runner, --temp_location, --setup_file and so on; "
    "--direct_num_workers and --direct_running_mode win over --jobs."
)
CONFIG_FLAG = "--config"


class UsageError(ValueError):
    """Invalid arguments; the message says what is wrong, which argument it is, and the cure."""


class OutputBusy(UsageError):
    """Another run is at work on the output; the same command can run once that has ended."""


class GivenUp(RuntimeError):
    """A run that cannot go on now; the same command continues it."""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage.

    Attributes:
        verb: Name of the command; empty for none.
        prints_data: Whether standard output is what the command is for, and no message.
    """

    verb = ""
    prints_data = False

    def parse_known_args(self, args=None, namespace=None):
        """Parse as the base class does, and remember the arguments for an error."""
        self._given = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message):
        # A flag that is misspelt is missing under its name.
        if "arguments are required" in message:
            message = next(filter(None, map(self._misspelt, self._given)), message)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")

    def _misspelt(self, argument: str) -> str:
        """Return what to write instead of a flag that is nearly one; empty for others."""
        flag, known = argument.partition("=")[0], self._option_string_actions
        near = get_close_matches(flag, known, n=1, cutoff=0.8)
        if not near or flag in known or not flag.startswith("--"):
            return ""
        return f"unknown argument {flag}; did you mean {near[0]}?"


def verb_parser(
    verb: str, description: str, takes_beam_flags: bool = True, prints_data: bool = False
) -> OneLineParser:
    """Make the parser of a command, with the flags that all commands have.

    Args:
        verb: Name of the module under `pipelines`.
        description: One sentence for `--help`.
        takes_beam_flags: Whether the command runs a Beam pipeline.
        prints_data: Whether standard output is what the command is for, and no message.

    Returns:
        A parser that accepts no abbreviated flags.
    """
    parser = OneLineParser(
        prog=program_name(f"pipelines.{verb}"),
        description=description,
        epilog=" ".join([_EXIT_STATUSES, _BEAM_FLAGS] if takes_beam_flags else [_EXIT_STATUSES]),
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.verb, parser.prints_data = verb, prints_data
    parser.add_argument("--version", action="version", version=f"{CONSOLE_SCRIPT} {VERSION}")
    parser.add_argument(
        CONFIG_FLAG,
        metavar="FILE",
        default="",
        help=f"TOML file with values of flags, by their names, in a section [{verb}]; flags that "
        "are given win, and --no_NAME turns off what the file turns on",
    )
    add_screen_flags(parser)
    return parser


def add_output_flags(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add `--output`, `--overwrite` and `--max_failure_rate`."""
    parser.add_argument(
        "--output",
        type=output_folder,
        default=default,
        required=default is None,
        help="folder to write; it appears only when it is complete",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    add_failure_flag(parser)


def add_failure_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--max_failure_rate`."""
    parser.add_argument(
        "--max_failure_rate",
        type=share,
        default=DEFAULT_MAX_FAILURE_RATE,
        help=f"share of failed lines and pages above which the exit status is {EXIT_FAILURES}",
    )


def output_folder(text: str) -> str:
    """Parse a flag that names a folder to write.

    Example:
        >>> output_folder("out/1858")
        'out/1858'
    """
    if WILD_CARD.search(text):
        raise argparse.ArgumentTypeError(
            f"{text} contains one of * ? [, which are wildcards in paths; choose another name"
        )
    return text


def share(text: str) -> float:
    """Parse a flag that is a fraction between 0 and 1.

    Example:
        >>> share("0.05")
        0.05
    """
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def finish(
    failure_rate: float, max_failure_rate: float, where: str, problem: str = "", but: str = ""
) -> int:
    """Turn the share of failures into the exit status, and print the outcome.

    Args:
        failure_rate: Share of pages or lines that failed.
        max_failure_rate: Highest accepted share.
        where: The table that lists the failures.
        problem: Why the output is of no use although little failed, and the cure; empty if it is.
        but: What a complete output still lacks; empty for nothing.

    Returns:
        The exit status.
    """
    if problem:
        print(problem, file=sys.stderr)
    if failure_rate <= max_failure_rate:
        if not problem:
            print(f"complete, {but}" if but else "complete")
        return EXIT_FAILURES if problem else EXIT_OK
    print(
        f"{failure_rate:.1%} failed, more than --max_failure_rate {max_failure_rate:.1%}; "
        f"{where} lists each with its cause",
        file=sys.stderr,
    )
    return EXIT_FAILURES


def is_local(options: PipelineOptions) -> bool:
    """Return whether a pipeline runs on this machine, by Beam's runner for that."""
    from apache_beam.options.pipeline_options import StandardOptions

    return options.view_as(StandardOptions).runner == LOCAL_RUNNER
