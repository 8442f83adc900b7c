"""Fetch from the web: paced, tried again where that helps, bounded in time and size."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from pipelines.files.http_get import Answer, FetchError, get
from pipelines.files.pace import Pace

# What a server says when it wants fewer requests, of whatever.
BUSY = (429, 503)
LARGEST_MANIFEST_BYTES = 50_000_000
LARGEST_IMAGE_BYTES = 500_000_000


@dataclass(frozen=True)
class FetchConfig:
    """How to ask for things on the web.

    Attributes:
        requests_per_second: Most requests that one worker process sends to one host; 0 for
            no limit.
        attempts: How often something is asked for while the cause may pass.
        first_wait_s: Wait after the first time; it doubles with each. Retry-After of the
            server counts where it is longer.
        longest_wait_s: Longest wait; who is asked to wait longer gives up at once.
        timeout_s: Longest silence of a server.
        longest_s: Longest time for one answer.
    """

    requests_per_second: float = 5.0
    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    timeout_s: float = 30.0
    longest_s: float = 300.0


class Fetcher:
    """Fetch; one for all threads of a process, so that they keep one pace.

    Args:
        config: How.
        pace: Spaces out the requests; None for one as the configuration has it.
    """

    def __init__(self, config: FetchConfig, pace: Pace | None = None):
        self._config = config
        self._pace = pace or Pace(config.requests_per_second)

    def fetch(self, address: str, largest_bytes: int) -> Answer:
        """Fetch what is at an address.

        Args:
            address: One of http or https.
            largest_bytes: Most that is taken.

        Returns:
            The answer.

        Raises:
            FetchError: If it was not to be had: with how often it was asked for, and whether
                a later run may have more luck.
        """
        host = urlsplit(address).netloc
        for attempt in range(1, self._config.attempts + 1):
            self._pace.wait(host)
            try:
                return get(address, largest_bytes, self._config.timeout_s, self._config.longest_s)
            except FetchError as error:
                wait_s = self._wait_s(error, attempt)
                is_last = attempt == self._config.attempts
                if not error.is_transient or is_last or wait_s > self._config.longest_wait_s:
                    raise error.after(attempt) from None
                if error.status in BUSY:
                    self._pace.rest(host, wait_s)
                else:
                    self._pace.idle(wait_s)
        raise ValueError(f"attempts {self._config.attempts} is not 1 or more")

    def _wait_s(self, error: FetchError, attempt: int) -> float:
        """Tell how long to leave a host alone; workers that failed together come apart."""
        doubled_s = self._config.first_wait_s * 2 ** min(attempt - 1, 30)
        share = random.uniform(0.5, 1)  # noqa: S311
        return max(min(doubled_s, self._config.longest_wait_s) * share, error.retry_after_s)


# The configuration travels to the workers; what keeps their pace is made there, once.
@lru_cache(maxsize=8)
def shared_fetcher(config: FetchConfig) -> Fetcher:
    """Give the fetcher that this process has for a configuration."""
    return Fetcher(config)


def failure_kind(error: Exception) -> tuple[str, int]:
    """Tell whether a failure may pass, and how often it was tried.

    Args:
        error: What reading a page raised.

    Returns:
        ('transient' or 'permanent', attempts).

    Example:
        >>> failure_kind(TimeoutError()), failure_kind(FileNotFoundError())
        (('transient', 1), ('permanent', 1))
    """
    passing = getattr(error, "is_transient", isinstance(error, (TimeoutError, ConnectionError)))
    return "transient" if passing else "permanent", getattr(error, "attempts", 1)
