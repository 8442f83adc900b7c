"""The time limit of a page."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from typing import TypeVar

from pipelines.cli.options import UsageError

_T = TypeVar("_T")
# A thread that hangs cannot be stopped, only abandoned; a process may have this many.
_MOST_ABANDONED = 16
_abandoned: list[threading.Thread] = []


class TimeLimitError(ValueError):
    """A page took longer than its time limit."""


class HangingWorkerError(RuntimeError):
    """Too many threads of this process hang."""


def add_time_limit_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--page_time_limit_s`."""
    parser.add_argument(
        "--page_time_limit_s",
        type=float,
        default=300.0,
        help="seconds a page may take; 0 for no limit",
    )


def page_time_limit_s(args: argparse.Namespace) -> float:
    """Return the value of `--page_time_limit_s`.

    Raises:
        UsageError: If it is negative, or longer than a thread can wait.
    """
    if not 0 <= args.page_time_limit_s < threading.TIMEOUT_MAX:
        raise UsageError(
            f"--page_time_limit_s {args.page_time_limit_s} is not a time limit; give seconds, or 0"
        )
    return args.page_time_limit_s


def within_time(limit_s: float, function: Callable[..., _T], *arguments) -> _T:
    """Call a function and abandon the call if it takes too long.

    It runs in a thread of its own, which cannot be stopped: an abandoned call goes on running.

    Args:
        limit_s: Seconds it may take; 0 for no limit.
        function: Function to call.
        arguments: Its arguments.

    Returns:
        What the function returned.

    Raises:
        TimeLimitError: If it took too long.
        HangingWorkerError: If too many earlier calls still hang.

    Example:
        >>> within_time(5.0, max, 3, 4)
        4
    """
    if not limit_s:
        return function(*arguments)
    outcome: dict[str, object] = {}

    def call() -> None:
        try:
            outcome["value"] = function(*arguments)
        # Raised again below, in the caller's thread.
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=call, name="page", daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        _abandon(thread)
        raise TimeLimitError(
            f"took longer than {limit_s:g} s; check the page, or raise --page_time_limit_s"
        )
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def _abandon(thread: threading.Thread) -> None:
    _abandoned[:] = [left for left in _abandoned if left.is_alive()]
    _abandoned.append(thread)
    if len(_abandoned) > _MOST_ABANDONED:
        raise HangingWorkerError(
            f"{len(_abandoned)} pages hang in one worker process; remove them from the input "
            "or raise --page_time_limit_s, and run again (transcribe keeps the pages that are done)"
        )
