"""The flags for precision and threads, which every training has."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from model.training.optimisation.compute import BACKEND_THREADS, Compute
from model.training.optimisation.device import AUTO, PRECISIONS


def add_compute_flags(add: Callable[..., Any]) -> None:
    """Add `--precision` and `--threads`.

    Args:
        add: The method `add_argument` of a parser or a group.
    """
    add(
        "--precision",
        choices=(AUTO, *PRECISIONS),
        default=AUTO,
        help="precision to compute in; auto: the one that is faster in a few timed steps",
    )
    add(
        "--threads",
        type=_thread_count,
        default=AUTO,
        help="threads that an operation uses; auto: as many as are fastest in a few timed steps",
    )


def _thread_count(text: str) -> str | int:
    """Parse `--threads`."""
    if text == AUTO:
        return text
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is neither a number from 1 nor {AUTO}")
    return int(text)


def compute_asked(flags: Mapping[str, Any]) -> Compute:
    """Return the precision and the threads that flags prescribe.

    Args:
        flags: Values by name; a missing flag has its default.

    Example:
        >>> compute_asked({"threads": 2})
        Compute(precision='auto', threads=2)
    """
    threads = flags.get("threads", AUTO)
    return Compute(flags.get("precision", AUTO), BACKEND_THREADS if threads == AUTO else threads)
