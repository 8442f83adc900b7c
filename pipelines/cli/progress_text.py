"""What a progress line says: counts, a rate, an estimate."""

from __future__ import annotations

from collections import deque

from model.text.duration import format_duration

_WINDOW_S = 30.0


class Throughput:
    """Pages a second over the last while.

    Args:
        window_s: How long a while is. Where pages take longer it grows to hold two counts.
    """

    def __init__(self, window_s: float = _WINDOW_S):
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque()

    def at(self, seconds: float, count: int) -> float:
        """Note a count.

        Args:
            seconds: When; never earlier than the last time.
            count: Pages up to now; time at the start without any does not count.

        Returns:
            Pages a second; 0 where nothing can be told yet.

        Example:
            >>> rate = Throughput()
            >>> [rate.at(seconds, count) for seconds, count in [(0, 0), (50, 0), (52, 8)]]
            [0.0, 0.0, 4.0]
        """
        samples = self._samples
        if count == 0:
            samples.clear()
        if not samples or count > samples[-1][1]:
            samples.append((seconds, count))
        while len(samples) > 2 and samples[1][0] <= seconds - self._window_s:
            samples.popleft()
        since, before = samples[0]
        return (count - before) / (seconds - since) if seconds > since else 0.0


def format_progress(
    verb: str, done: int, total: int, pages_per_s: float = 0.0, columns: int = 80
) -> str:
    """Say how far a run is.

    Args:
        verb: What runs.
        done: Pages finished.
        total: Pages found, which is all of them once one is finished; 0 where nobody
            counts them.
        pages_per_s: Rate; 0 where it is not known yet.
        columns: Longest line; fields at the end give way.

    Returns:
        The line.

    Example:
        >>> format_progress("ingest", 1234, 12000, 41.1)
        'ingest  1,234 of 12,000 pages  10 %  41 pages/s  4 min 22 s left'
        >>> format_progress("ingest", 1234, 0, 41.1)
        'ingest  1,234 pages  41 pages/s'
        >>> format_progress("ingest", 0, 12000)
        'ingest  12,000 pages found'
    """
    if not done:
        return _fit([verb, f"{total:,} pages found"], columns)
    fields = [verb, *_share(done, total)]
    if done >= total > 0:
        return _fit([*fields, "finishing"], columns)
    if pages_per_s > 0:
        fields.append(_speed(pages_per_s))
        if total:
            fields.append(f"{format_duration((total - done) / pages_per_s)} left")
    return _fit(fields, columns)


def format_summary(verb: str, done: int, total: int, seconds: float, columns: int = 80) -> str:
    """Say how far a run came.

    Args:
        verb: What ran.
        done: Pages finished.
        total: Pages found; 0 where nobody counts them.
        seconds: How long it ran.
        columns: Longest line; fields at the end give way.

    Returns:
        The line.

    Example:
        >>> format_summary("ingest", 12000, 12000, 290)
        'ingest  12,000 of 12,000 pages  100 %  41 pages/s  4 min 50 s in all'
    """
    speed = [_speed(done / seconds)] if done and seconds > 0 else []
    fields = [verb, *_share(done, total), *speed, f"{format_duration(seconds)} in all"]
    return _fit(fields, columns)


def _share(done: int, total: int) -> list[str]:
    if not total:
        return [f"{done:,} pages"]
    total = max(done, total)
    return [f"{done:,} of {total:,} pages", f"{100 * done // total} %"]


def _speed(pages_per_s: float) -> str:
    digits = ",.0f" if pages_per_s >= 9.95 else ".1f" if pages_per_s >= 0.995 else ".2g"
    return f"{pages_per_s:{digits}} pages/s"


def _fit(fields: list[str], columns: int) -> str:
    """Join as many fields as there is room for, the first one at any rate."""
    line = fields[0][: max(columns, 0)]
    for field in fields[1:]:
        if len(line) + 2 + len(field) > columns:
            break
        line += f"  {field}"
    return line
