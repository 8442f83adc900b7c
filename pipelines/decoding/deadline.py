"""Until when a page may take, as far as the thread that works on it knows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# For what has no time limit of its own, such as a file whose pages are counted.
USUAL_LIMIT_S = 300.0


class TimeLimitError(ValueError):
    """A page took longer than its time limit."""


@dataclass(frozen=True)
class Deadline:
    """When the time of a page is over.

    Attributes:
        end: By `time.monotonic`; None for never.
        limit_s: Its time limit.
        has_flag: Whether the user sets the limit by `--page_time_limit_s`.
    """

    end: float | None
    limit_s: float
    has_flag: bool

    def left_s(self) -> float | None:
        """Return how many seconds are left, at least a few thousandths; None for no limit."""
        return None if self.end is None else max(self.end - time.monotonic(), 0.005)

    def error(self) -> TimeLimitError:
        """Return the error of a page whose time is over."""
        if not self.has_flag:
            return TimeLimitError(f"took longer than {self.limit_s:g} s; check the page")
        return TimeLimitError(
            f"took longer than {self.limit_s:g} s; check the page, or raise --page_time_limit_s"
        )


_of_thread = threading.local()


@contextmanager
def deadline_in(limit_s: float) -> Iterator[None]:
    """Let the thread know in the context how long a page may take.

    Args:
        limit_s: Seconds from now; 0 for no limit.
    """
    before = getattr(_of_thread, "deadline", None)
    end = time.monotonic() + limit_s if limit_s else None
    _of_thread.deadline = Deadline(end, limit_s, has_flag=True)
    try:
        yield
    finally:
        _of_thread.deadline = before


def current_deadline() -> Deadline:
    """Return the deadline of the page that this thread works on, else the usual one from now."""
    known = getattr(_of_thread, "deadline", None)
    return known or Deadline(time.monotonic() + USUAL_LIMIT_S, USUAL_LIMIT_S, has_flag=False)
