"""Shared flags, strict parsing, exit statuses and runner presets of all commands."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.cli.garbage import loading
from schemas.program import program_name

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

# For worker processes. The filter does what `pipelines/__init__.py` does in this process. One
# malloc arena for all threads halves the memory: Beam's many threads would each fill an arena of
# their own with pages.
_WORKER_ENVIRONMENT = {
    "PYTHONWARNINGS": "ignore::FutureWarning:google.api_core._python_version_support",
    "MALLOC_ARENA_MAX": "1",
}

# Each worker process imports this module as it starts, and finds the main process by the variable.
_WORKER_MODULE = "pipelines.cli.worker"
MAIN_PROCESS = "QUIRE_MAIN_PROCESS"

_EXIT_STATUSES = (
    f"Exit status: {EXIT_OK} complete, {EXIT_USAGE} invalid arguments, "
    f"{EXIT_FAILURES} finished with more failures than accepted or with nothing of use, "
    f"{EXIT_INTERRUPTED} interrupted or no space left, {EXIT_CTRL_C} Ctrl-C."
)
# Raised for paths in flags; an error within a worker is raised again by the runner.
_PATH_ERRORS = (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
_NO_SPACE = "No space left on device"

_BEAM_FLAGS = (
    "Flags of Apache Beam are accepted too: --runner, --direct_num_workers, "
    "--direct_running_mode, --temp_location, --setup_file and so on."
)


class UsageError(ValueError):
    """Invalid arguments; the message says what is wrong, which argument it is, and the cure."""


class _OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage."""

    def error(self, message):
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def verb_parser(
    verb: str, description: str, takes_beam_flags: bool = True
) -> argparse.ArgumentParser:
    """Make the parser of a command.

    Args:
        verb: Name of the module under `pipelines`.
        description: One sentence for `--help`.
        takes_beam_flags: Whether the command runs a Beam pipeline.

    Returns:
        A parser that accepts no abbreviated flags.
    """
    return _OneLineParser(
        prog=program_name(f"pipelines.{verb}"),
        description=description,
        epilog=" ".join([_EXIT_STATUSES, _BEAM_FLAGS] if takes_beam_flags else [_EXIT_STATUSES]),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )


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


def run_verb(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    argv: list[str] | None,
) -> int:
    """Run a command without a Beam pipeline.

    Args:
        parser: The parser from `verb_parser`.
        run: Takes the flags, does the work and returns the exit status.
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: 0 done, 2 invalid arguments, 3 more failures than
        `--max_failure_rate`, 4 no space left, 130 Ctrl-C. Unknown flags end the program with
        status 2.
    """
    args, unknown = parser.parse_known_args(argv)
    _refuse(parser, unknown)
    with _terminable():
        return _one_line_errors(run, args)


def run_beam_verb(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace, PipelineOptions], int],
    argv: list[str] | None,
) -> int:
    """Run a command with a Beam pipeline; flags that it does not define are passed to Beam.

    Args:
        parser: The parser from `verb_parser`.
        run: Takes the flags and Beam's options, does the work and returns the exit status.
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status, as from `run_verb`.
    """
    args, rest = parser.parse_known_args(argv)
    with _terminable():
        return _one_line_errors(run, args, _beam_options(parser, rest))


def finish(failure_rate: float, max_failure_rate: float, where: str, problem: str = "") -> int:
    """Turn the share of failures into the exit status, and print the outcome.

    Args:
        failure_rate: Share of pages or lines that failed.
        max_failure_rate: Highest accepted share.
        where: The table that lists the failures.
        problem: Why the output is of no use although little failed, and the cure; empty if it is.

    Returns:
        The exit status.
    """
    if problem:
        print(problem, file=sys.stderr)
    if failure_rate <= max_failure_rate:
        if not problem:
            print("complete")
        return EXIT_FAILURES if problem else EXIT_OK
    print(
        f"{failure_rate:.1%} failed, more than --max_failure_rate {max_failure_rate:.1%}; "
        f"{where} lists each with its cause",
        file=sys.stderr,
    )
    return EXIT_FAILURES


class _Terminated(KeyboardInterrupt):
    """SIGTERM: unfinished output is removed, as after Ctrl-C."""


@contextmanager
def _terminable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread receives signals.
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise _Terminated

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _one_line_errors(run: Callable[..., int], *arguments) -> int:
    try:
        return run(*arguments)
    except UsageError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt as error:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED if isinstance(error, _Terminated) else EXIT_CTRL_C
    except BrokenPipeError:
        # The reader closed the pipe; without this Python would try to flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except _PATH_ERRORS as error:
        print(f"{error.filename or error}: {error.strerror}; check the flags", file=sys.stderr)
        return EXIT_USAGE
    # An error within a worker comes as a RuntimeError of the runner that contains its text.
    except (OSError, RuntimeError) as error:
        if _NO_SPACE not in str(error):
            raise
        print(
            "no space left on the disk; free some and run the same command again", file=sys.stderr
        )
        return EXIT_INTERRUPTED


def _beam_options(parser: argparse.ArgumentParser, flags: list[str]) -> PipelineOptions:
    # Beam takes seconds to import, and --help does not need it.
    with loading():
        from apache_beam.options.pipeline_options import (
            PipelineOptions,
            SetupOptions,
            StandardOptions,
        )

    _refuse(parser, _unknown_to_beam(parser.prog, flags))
    for name, value in _WORKER_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    options = PipelineOptions(flags)
    standard = options.view_as(StandardOptions)
    if standard.runner in (None, "DirectRunner"):
        standard.runner = LOCAL_RUNNER
    if standard.runner == LOCAL_RUNNER:
        os.environ[MAIN_PROCESS] = str(os.getpid())
        setup = options.view_as(SetupOptions)
        setup.beam_plugins = [*(setup.beam_plugins or ()), _WORKER_MODULE]
    return options


def _refuse(parser: argparse.ArgumentParser, unknown: list[str]) -> None:
    if unknown:
        parser.error(f"unknown argument {unknown[0]}; see {parser.prog} --help")


def _unknown_to_beam(prog: str, flags: list[str]) -> list[str]:
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = _OneLineParser(prog=prog, allow_abbrev=False, add_help=False)
    for options in {str(cls): cls for cls in PipelineOptions.__subclasses__()}.values():
        options._add_argparse_args(parser)
    return parser.parse_known_args(flags)[1]
