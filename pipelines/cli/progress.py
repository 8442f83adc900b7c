"""A progress line on the terminal: how far a local run is, and how long it will still take."""

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
    """Counters that all workers on this machine share: two files with one byte per page.

    Appending a single byte is atomic between processes, and a path can be sent to all of
    them.

    Attributes:
        found: File for the pages to be read.
        finished: File for the pages that were read, failed or were skipped.
    """

    found: str
    finished: str

    @classmethod
    def in_folder(cls, folder: str) -> PageCounters:
        """Create counters at zero in a folder."""
        counters = cls(os.path.join(folder, "found"), os.path.join(folder, "finished"))
        for path in (counters.found, counters.finished):
            with open(path, "wb"):
                pass
        return counters

    def counts(self) -> tuple[int, int]:
        """Return the number of pages found and finished so far."""
        return os.path.getsize(self.found), os.path.getsize(self.finished)


@contextmanager
def show_progress(
    verb: str, options: PipelineOptions, stream: TextIO | None = None
) -> Iterator[PageCounters | None]:
    """Show a progress line on a terminal while the context lasts.

    Args:
        verb: Name of the command.
        options: Beam's options; only workers on this machine can be followed.
        stream: Where to show it; None for standard error.

    Yields:
        Counters for the workers; None where the stream is not a terminal or the runner is not
        local, and nothing is shown or counted.
    """
    stream = stream or sys.stderr
    if not stream.isatty() or options.view_as(StandardOptions).runner != LOCAL_RUNNER:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="quire-", ignore_cleanup_errors=True) as folder:
        line = _TerminalLine(verb, PageCounters.in_folder(folder), stream)
        stopped = threading.Event()
        drawer = threading.Thread(
            target=_keep_drawing, args=(line, stopped), name="progress", daemon=True
        )
        drawer.start()
        try:
            yield line.counters
        finally:
            stopped.set()
            drawer.join()
            line.close()


def _keep_drawing(line: _TerminalLine, stopped: threading.Event) -> None:
    while not stopped.wait(_INTERVAL_S):
        line.draw()


class _TerminalLine:
    """The line, redrawn in place."""

    def __init__(self, verb: str, counters: PageCounters, stream: TextIO):
        self.counters = counters
        self._verb = verb
        self._stream = stream
        self._started_s = time.monotonic()
        self._throughput = Throughput()
        self._drawn_columns = 0

    def draw(self) -> None:
        """Show the current counts."""
        found, finished = self.counters.counts()
        rate = self._throughput.update(time.monotonic() - self._started_s, finished)
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
    """Return the longest line that fits; some terminals wrap after the last column."""
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
    """Count the records that stand for a page; without counters, leave the pipeline unchanged.

    Args:
        counters: Where to count; None where no progress is shown.
        found: The pages to be read; all are counted before the first page is finished.
        finished: Their outcomes. They are not flattened into one collection, because the local
            runner would hold that back until the step before has ended.
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
    """Return whether a record stands for a whole page and not for the failure of one line.

    Example:
        >>> from schemas.records import Failure
        >>> is_page(Failure("a.png", "read", "")), is_page(Failure("a.png", "crop", "", "l1"))
        (True, False)
    """
    return not getattr(record, "line_id", "")


def increment(path: str) -> None:
    """Add one to a file of `PageCounters`."""
    # A disk too full for the progress line must not end the run.
    with suppress(OSError), open(path, "ab", buffering=0) as file:
        file.write(b".")


class _CountPages(beam.DoFn):
    def __init__(self, path: str):
        self._path = path

    def process(self, record):
        if is_page(record):
            increment(self._path)
