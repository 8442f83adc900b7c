"""Download from the web with rate limits, retries, and limits of time and size."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from pipelines.cli.processes import worker_count
from pipelines.files.hosts import HostRules
from pipelines.files.http_get import ANY_HOST, Answer, FetchError, get
from pipelines.files.pace import Pace

# Statuses by which a server asks for fewer requests in general.
BUSY = (429, 503)
LARGEST_MANIFEST_BYTES = 50_000_000
LARGEST_IMAGE_BYTES = 500_000_000


@dataclass(frozen=True)
class FetchConfig:
    """How to download.

    Attributes:
        requests_per_second: Most requests to one host, by all processes of this machine together;
            0 for no limit.
        attempts: How often to request an address while the failure may be transient.
        first_wait_s: Wait after the first attempt; it doubles with each further one. A longer
            Retry-After of the server takes precedence.
        longest_wait_s: Longest wait; if the server asks for a longer one, fail at once.
        timeout_s: Longest time without any data.
        longest_s: Longest time for one request, with its redirects.
        hosts: Which hosts may be asked.
    """

    requests_per_second: float = 5.0
    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    timeout_s: float = 30.0
    longest_s: float = 300.0
    hosts: HostRules = ANY_HOST


class Fetcher:
    """Downloads addresses; the threads of a process share one, and with it the rate limit.

    Args:
        config: Limits and retries.
        pace: Limits the rate; None for one made from the configuration.
    """

    def __init__(self, config: FetchConfig, pace: Pace | None = None):
        self._config = config
        # The limit is that of a run: the processes that work in it share it.
        self._pace = pace or Pace(config.requests_per_second / worker_count())

    def fetch(self, address: str, largest_bytes: int) -> Answer:
        """Download an address.

        Args:
            address: An http or https address.
            largest_bytes: Size limit of the answer.

        Returns:
            The answer.

        Raises:
            FetchError: If it cannot be downloaded; with the number of attempts, and whether a
                later run may succeed.
        """
        host = urlsplit(address).netloc
        for attempt in range(1, self._config.attempts + 1):
            self._pace.wait(host)
            try:
                return self._get(address, largest_bytes)
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

    def _get(self, address: str, largest_bytes: int) -> Answer:
        config = self._config
        return get(address, largest_bytes, config.timeout_s, config.longest_s, config.hosts)

    def _wait_s(self, error: FetchError, attempt: int) -> float:
        """Return how long to wait; the random factor spreads workers that failed together."""
        doubled_s = self._config.first_wait_s * 2 ** min(attempt - 1, 30)
        jitter = random.uniform(0.5, 1)  # noqa: S311
        return max(min(doubled_s, self._config.longest_wait_s) * jitter, error.retry_after_s)


# The configuration is sent to the workers; each process makes its fetcher once.
@lru_cache(maxsize=8)
def shared_fetcher(config: FetchConfig) -> Fetcher:
    """Return the fetcher that this process uses for a configuration."""
    return Fetcher(config)


def failure_kind(error: Exception) -> tuple[str, int]:
    """Return whether a failure may be transient, and the number of attempts.

    Args:
        error: Raised while reading a page.

    Returns:
        ('transient' or 'permanent', attempts).

    Example:
        >>> failure_kind(TimeoutError()), failure_kind(FileNotFoundError())
        (('transient', 1), ('permanent', 1))
    """
    is_transient = getattr(
        error, "is_transient", isinstance(error, (TimeoutError, ConnectionError))
    )
    return "transient" if is_transient else "permanent", getattr(error, "attempts", 1)
