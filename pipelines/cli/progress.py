"""A line on the terminal that tells how far a local run is, and how long it still takes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.cli.progress_text import Throughput, format_progress, format_summary

_INTERVAL_S = 0.5


@dataclass(frozen=True)
class PageCounters:
    """Where the workers of this machine count: two files, a byte a page.

    A lone byte that is appended cannot mix with those of other processes, and a path can
    go to all of them.

    Attributes:
        found: File for the pages that are to be read.
        finished: File for the pages that were read, failed or were left out.
    """

    found: str
    finished: str

    @classmethod
    def in_folder(cls, folder: str) -> PageCounters:
        """Start at nothing in a folder."""
        counters = cls(os.path.join(folder, "found"), os.path.join(folder, "finished"))
        for path in (counters.found, counters.finished):
            with open(path, "wb"):
                pass
        return counters

    def counts(self) -> tuple[int, int]:
        """Count the pages found and finished up to now."""
        return os.path.getsize(self.found), os.path.getsize(self.finished)


@contextmanager
def show_progress(
    verb: str, options: PipelineOptions, stream: TextIO | None = None
) -> Iterator[PageCounters | None]:
    """Show how far a run is while the context lasts, if somebody looks.

    Args:
        verb: What runs.
        options: Beam's options; only workers of this machine can be watched.
        stream: Where to show it; None for standard error.

    Yields:
        Where the workers are to count; None where the stream is no terminal or the runner
        is not local: nothing is shown or counted then.
    """
    stream = stream or sys.stderr
    if not stream.isatty() or options.view_as(StandardOptions).runner != LOCAL_RUNNER:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="quire-", ignore_cleanup_errors=True) as folder:
        line = _TerminalLine(verb, PageCounters.in_folder(folder), stream)
        over = threading.Event()
        painter = threading.Thread(
            target=_keep_drawing, args=(line, over), name="progress", daemon=True
        )
        painter.start()
        try:
            yield line.counters
        finally:
            over.set()
            painter.join()
            line.close()


def _keep_drawing(line: _TerminalLine, over: threading.Event) -> None:
    while not over.wait(_INTERVAL_S):
        line.draw()


class _TerminalLine:
    """The line, drawn over itself."""

    def __init__(self, verb: str, counters: PageCounters, stream: TextIO):
        self.counters = counters
        self._verb = verb
        self._stream = stream
        self._started_s = time.monotonic()
        self._rate = Throughput()
        self._drawn_columns = 0

    def draw(self) -> None:
        """Show the counts of now."""
        found, finished = self.counters.counts()
        rate = self._rate.at(time.monotonic() - self._started_s, finished)
        columns = _columns(self._stream)
        self._put(format_progress(self._verb, finished, found, rate, columns), columns)

    def close(self) -> None:
        """Show the last counts and end the line."""
        found, finished = self.counters.counts()
        seconds = time.monotonic() - self._started_s
        columns = _columns(self._stream)
        self._put(format_summary(self._verb, finished, found, seconds, columns), columns, "\n")

    def _put(self, text: str, columns: int, end: str = "") -> None:
        blanked = text.ljust(min(self._drawn_columns, columns))
        self._drawn_columns = len(text)
        # A terminal that was closed must not end the run.
        with suppress(OSError):
            self._stream.write(f"\r{blanked}{end}")
            self._stream.flush()


def _columns(stream: TextIO) -> int:
    """Measure how long a line may be: the last column makes some terminals go on below."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        columns = 0
    return (columns or shutil.get_terminal_size().columns) - 1


def track_progress(
    counters: PageCounters | None,
    found: Iterable[beam.PCollection],
    finished: Iterable[beam.PCollection],
) -> None:
    """Count the records that stand for a page; the pipeline stays as it is without counters.

    Args:
        counters: Where to; None where nobody looks.
        found: What is to be read, all of it known before the first page is finished.
        finished: What became of it. Not flattened into one: the local runner would hold
            it back until the step before is through.
    """
    if counters is None:
        return
    for name, path, outputs in (
        ("found", counters.found, found),
        ("finished", counters.finished, finished),
    ):
        for number, records in enumerate(outputs):
            records | f"Count {name} {number}" >> beam.ParDo(_CountPages(path))


def is_page(record: object) -> bool:
    """Tell a record of a whole page from the failure of one line.

    Example:
        >>> from schemas.records import Failure
        >>> is_page(Failure("a.png", "read", "")), is_page(Failure("a.png", "crop", "", "l1"))
        (True, False)
    """
    return not getattr(record, "line_id", "")


def increment(path: str) -> None:
    """Add one to a file of `PageCounters`."""
    # A full disk must not end the run for the sake of its progress.
    with suppress(OSError), open(path, "ab", buffering=0) as file:
        file.write(b".")


class _CountPages(beam.DoFn):
    def __init__(self, path: str):
        self._path = path

    def process(self, record):
        if is_page(record):
            increment(self._path)
