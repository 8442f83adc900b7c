"""The time limit of a page."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from typing import TypeVar

from pipelines.cli.options import UsageError
from pipelines.decoding.deadline import Deadline, deadline_in

_T = TypeVar("_T")
# The decoder is killed when the time is over; then the thread has so long to end by itself.
_GRACE_S = 1.0
# A thread cannot be stopped, only abandoned. With so many at work, the next page waits for one.
_MOST_ABANDONED = 4
_abandoned: list[threading.Thread] = []


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

    It runs in a thread of its own. A decoder that it waits for is killed when the time is over;
    what it computes itself cannot be stopped: such a call goes on, and its result is dropped.

    Args:
        limit_s: Seconds it may take; 0 for no limit.
        function: Function to call.
        arguments: Its arguments.

    Returns:
        What the function returned.

    Raises:
        TimeLimitError: If it took too long.

    Example:
        >>> within_time(5.0, max, 3, 4)
        4
    """
    if not limit_s:
        with deadline_in(0):
            return function(*arguments)
    _wait_for_abandoned(limit_s)
    outcome: dict[str, object] = {}

    def call() -> None:
        try:
            with deadline_in(limit_s):
                outcome["value"] = function(*arguments)
        # Raised again below, in the caller's thread.
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=call, name="page", daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        thread.join(_GRACE_S)
        if thread.is_alive():
            _abandoned.append(thread)
        raise Deadline(None, limit_s, has_flag=True).error()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def _wait_for_abandoned(limit_s: float) -> None:
    """Wait until fewer abandoned calls go on, but no longer than a page may take."""
    _abandoned[:] = [left for left in _abandoned if left.is_alive()]
    if len(_abandoned) >= _MOST_ABANDONED:
        _abandoned[0].join(limit_s)
