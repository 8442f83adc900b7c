"""Run a command line: strict parsing, signals, errors in one line."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from model.text.duration import format_duration
from pipelines.buckets.faults import fault_of, is_unreachable
from pipelines.cli.console import COMMANDS
from pipelines.cli.metrics import MetricsFile
from pipelines.cli.options import (
    EXIT_CTRL_C,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    GivenUp,
    OneLineParser,
    OutputBusy,
    UsageError,
)
from pipelines.cli.places import check_buckets, check_places
from pipelines.cli.processes import give_options
from pipelines.cli.screen import LogFile, Screen, about_the_process, open_screen
from pipelines.cli.settings import with_settings
from schemas import VERSION
from schemas.program import CONSOLE_SCRIPT

# Raised for paths in flags; an error within a worker is raised again by the runner.
_PATH_ERRORS = (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
# Commands whose buckets are for other machines to open.
_ELSEWHERE = ("train",)
# Of Python, after a traceback.
_CRASHED = 1
_NO_SPACE = "No space left on device"
_STATUSES = {signal.SIGINT: EXIT_CTRL_C, signal.SIGTERM: EXIT_INTERRUPTED}
_NEVER_FREED: list[BaseException] = []


def run_verb(
    parser: OneLineParser,
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
    argv = completed(parser, argv, lambda flag: False)
    args, unknown = parser.parse_known_args(argv)
    refuse_unknown(parser, unknown)
    # Only where it is needed: Beam takes seconds to import.
    if any("s3://" in one for one in argv):
        give_options({})
    return run_command(parser, args, argv, partial(run, args))


def completed(
    parser: OneLineParser, argv: list[str] | None, is_other_flag: Callable[[str], bool]
) -> list[str]:
    """Return the arguments with those of the settings file; a fault in it ends the program.

    Args:
        parser: The parser of the command.
        argv: Arguments without the program's name; None for those of the process.
        is_other_flag: Whether a flag that the parser does not know is one all the same.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        return with_settings(parser, (*COMMANDS, parser.verb), argv, is_other_flag)
    except UsageError as error:
        parser.error(str(error))


def run_command(
    parser: OneLineParser, args: argparse.Namespace, argv: list[str], run: Callable[[], int]
) -> int:
    """Do the work of a command whose arguments are parsed.

    Args:
        parser: The parser of the command.
        args: The flags.
        argv: The arguments, for the log.
        run: Does the work and returns the exit status.

    Returns:
        The exit status, as from `run_verb`.
    """
    try:
        log = LogFile(args.log_file) if args.log_file else None
    except OSError as error:
        cure = "make its folder" if isinstance(error, FileNotFoundError) else "give a file to write"
        parser.error(f"--log_file {args.log_file}: {error.strerror}; {cure}")
    try:
        metrics = MetricsFile(
            getattr(args, "metrics_file", ""), parser.verb, getattr(args, "output", "") or ""
        )
    except UsageError as error:
        parser.error(str(error))
    screen = Screen(args.quiet, args.verbose, log)
    with _stoppable() as statuses, open_screen(screen, parser.prints_data):
        started = time.monotonic()
        screen.tell(f"{CONSOLE_SCRIPT} {VERSION}, {about_the_process()}")
        screen.tell(f"{parser.prog} {shlex.join(argv)}")
        status = _CRASHED
        try:
            status = _one_line_errors(partial(_check_and_run, parser.verb, args, run), statuses)
        finally:
            _write_metrics(metrics, status)
        seconds = format_duration(time.monotonic() - started)
        screen.tell(f"{parser.verb} ended with exit status {status} after {seconds}")
    return status


def _write_metrics(metrics: MetricsFile, status: int) -> None:
    try:
        metrics.write(status)
    except OSError as error:
        print(f"--metrics_file: {error.strerror}, so it was not written", file=sys.stderr)


def _check_and_run(verb: str, args: argparse.Namespace, run: Callable[[], int]) -> int:
    check_places(args)
    if verb not in _ELSEWHERE:
        check_buckets(args)
    return run()


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM stop the command, so that its unfinished output is removed.

    Yields:
        The exit status of the signal, once one came. Whoever runs the code that it interrupts may
        raise another error in place of it, as Beam does.
    """
    statuses: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread receives signals.
        yield statuses
        return

    def stop(number: int, frame: object) -> None:
        statuses.append(_STATUSES[signal.Signals(number)])
        # The runner logs the error that stops it at length.
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, stop) for number in _STATUSES}
    beam_log = logging.getLogger("apache_beam")
    level = beam_log.level
    try:
        yield statuses
    finally:
        beam_log.setLevel(level)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _one_line_errors(run: Callable[[], int], statuses: list[int]) -> int:
    try:
        return _with_known_errors(run)
    except BaseException as error:
        if not statuses and not isinstance(error, KeyboardInterrupt):
            raise
        # To free a connection of DuckDB while its query still runs may hang.
        _NEVER_FREED.append(error)
        print("interrupted", file=sys.stderr)
        return statuses[0] if statuses else EXIT_CTRL_C


def _with_known_errors(run: Callable[[], int]) -> int:
    try:
        return run()
    except UsageError as error:
        print(error, file=sys.stderr)
        return EXIT_INTERRUPTED if isinstance(error, OutputBusy) else EXIT_USAGE
    except BrokenPipeError:
        # The reader closed the pipe; without this Python would try to flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except _PATH_ERRORS as error:
        print(f"{error.filename or error}: {error.strerror}; check the flags", file=sys.stderr)
        return EXIT_USAGE
    except GivenUp as error:
        print(error, file=sys.stderr)
        return EXIT_INTERRUPTED
    # An error within a worker comes as a RuntimeError of the runner that contains its text.
    except Exception as error:
        if fault := fault_of(error):
            print(fault, file=sys.stderr)
            return EXIT_INTERRUPTED if is_unreachable(error) else EXIT_USAGE
        if not isinstance(error, (OSError, RuntimeError)) or _NO_SPACE not in str(error):
            raise
        print(
            "no space left on the disk; free some and run the same command again", file=sys.stderr
        )
        return EXIT_INTERRUPTED


def refuse_unknown(parser: OneLineParser, unknown: list[str]) -> None:
    """End the program if there are arguments that nothing knows."""
    if unknown:
        parser.error(f"unknown argument {unknown[0]}; see {parser.prog} --help")
