"""Rate limits for requests to a host, and pauses that it asks for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


class Pace:
    """Limit the rate of requests that the threads of a process send to each host.

    Args:
        requests_per_second: Limit per host; 0 for none.
        clock: Monotonic clock, in seconds.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        requests_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._interval_s = 1 / requests_per_second if requests_per_second else 0.0
        self._clock, self._sleep = clock, sleep
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Wait for this thread's turn to send a request to a host."""
        while True:
            with self._lock:
                now = self._clock()
                wait_s = self._next.get(host, now) - now
                if wait_s <= 0:
                    self._next[host] = now + self._interval_s
                    return
            self._sleep(wait_s)

    def idle(self, seconds: float) -> None:
        """Pause this thread only."""
        self._sleep(seconds)

    def rest(self, host: str, seconds: float) -> None:
        """Let no thread send a request to a host for some time."""
        with self._lock:
            until = self._clock() + seconds
            self._next[host] = max(until, self._next.get(host, until))


def retry_after_s(value: str | None) -> float:
    """Parse a Retry-After header, RFC 9110 section 10.2.3.

    Args:
        value: Seconds or a date; None where there is no such header.

    Returns:
        Seconds from now; 0 where there is no header or it cannot be parsed.

    Example:
        >>> retry_after_s("120"), retry_after_s(None), retry_after_s("soon")
        (120.0, 0.0, 0.0)
        >>> retry_after_s("Fri, 31 Dec 1999 23:59:59 GMT")
        0.0
    """
    text = (value or "").strip()
    # More digits would overflow, and are no sensible time to wait.
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.now(timezone.utc)).total_seconds())
