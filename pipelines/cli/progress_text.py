"""The text of a progress line: counts, throughput, estimated time left."""

from __future__ import annotations

from collections import deque

from model.text.duration import format_duration

_WINDOW_S = 30.0
# The first pages come in batches; what they tell of the speed is far off.
_LEAST_S = 10.0


class Throughput:
    """Pages per second over a sliding window.

    Args:
        window_s: Length of the window. Where pages take longer it grows to hold two samples.
    """

    def __init__(self, window_s: float = _WINDOW_S):
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque()
        self._began_s = 0.0

    def update(self, seconds: float, count: int) -> float:
        """Add a sample and return the throughput.

        Args:
            seconds: Time of the sample; not before that of the last one.
            count: Pages so far; the time before the first page is left out.

        Returns:
            Pages per second; 0 while it is unknown.

        Example:
            >>> throughput = Throughput()
            >>> samples = [(0, 0), (50, 0), (52, 8), (60, 40)]
            >>> [throughput.update(seconds, count) for seconds, count in samples]
            [0.0, 0.0, 0.0, 4.0]
        """
        samples = self._samples
        if count == 0:
            samples.clear()
            self._began_s = seconds
        if not samples or count > samples[-1][1]:
            samples.append((seconds, count))
        while len(samples) > 2 and samples[1][0] <= seconds - self._window_s:
            samples.popleft()
        since, before = samples[0]
        is_known = seconds > since and seconds - self._began_s >= _LEAST_S
        return (count - before) / (seconds - since) if is_known else 0.0


def format_progress(
    verb: str,
    done: int,
    total: int,
    pages_per_s: float = 0.0,
    columns: int = 80,
    workers: str = "",
) -> str:
    """Format the progress of a run.

    Args:
        verb: Name of the command.
        done: Pages finished.
        total: Pages found, which is all of them once one is finished; 0 where they are not
            counted.
        pages_per_s: Throughput; 0 while it is unknown.
        columns: Longest line; fields that do not fit are dropped from the end.
        workers: What works; empty for this process.

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
    return _fit([*fields, *filter(None, [workers])], columns)


def format_summary(
    verb: str, done: int, total: int, seconds: float, columns: int = 80, workers: str = ""
) -> str:
    """Format the outcome of a run.

    Args:
        verb: Name of the command.
        done: Pages finished.
        total: Pages found; 0 where they are not counted.
        seconds: How long it ran.
        columns: Longest line; fields that do not fit are dropped from the end.
        workers: What worked; empty for this process.

    Returns:
        The line.

    Example:
        >>> format_summary("ingest", 12000, 12000, 290)
        'ingest  12,000 of 12,000 pages  100 %  41 pages/s  4 min 50 s in all'
    """
    speed = [_speed(done / seconds)] if done and seconds > 0 else []
    fields = [verb, *_share(done, total), *speed, f"{format_duration(seconds)} in all"]
    return _fit([*fields, *filter(None, [workers])], columns)


def _share(done: int, total: int) -> list[str]:
    if not total:
        return [f"{done:,} pages"]
    total = max(done, total)
    return [f"{done:,} of {total:,} pages", f"{100 * done // total} %"]


def _speed(pages_per_s: float) -> str:
    digits = ",.0f" if pages_per_s >= 9.95 else ".1f" if pages_per_s >= 0.995 else ".2g"
    return f"{pages_per_s:{digits}} pages/s"


def _fit(fields: list[str], columns: int) -> str:
    """Join as many fields as fit; the first one always stays, cut to the width."""
    line = fields[0][: max(columns, 0)]
    for field in fields[1:]:
        if len(line) + 2 + len(field) > columns:
            break
        line += f"  {field}"
    return line
