"""How far a local run is, and how long it will still take: on the terminal and in the log."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.main_process import is_running
from pipelines.cli.options import is_local
from pipelines.cli.processes import current_workers
from pipelines.cli.progress_text import Throughput, format_progress, format_summary
from pipelines.cli.screen import Screen, current_screen, shown_part

_INTERVAL_S = 0.5
# Between two lines where there is no terminal.
LINE_INTERVAL_S = 60.0
_WIDE = 1000
# Of the folders of counters; the number of the process follows.
_PREFIX = "quire-progress-"


@dataclass(frozen=True)
class PageCounters:
    """Counters that all workers on this machine share: two files with one byte per page.

    Appending a single byte is atomic between processes, and a path can be sent to all of
    them.

    Attributes:
        found: File for the pages to be read.
        finished: File for the pages that were read, failed or were skipped.
        others: Counters that count the same, for other readers.
    """

    found: str
    finished: str
    others: tuple[PageCounters, ...] = ()

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
    """Show while the context lasts how far the run is.

    On a terminal that is a line that is drawn again and again, elsewhere and in the log a line a
    minute, and after a run of a minute or more a last one.

    Args:
        verb: Name of the command.
        options: Beam's options; only workers on this machine can be followed.
        stream: Where to show it; None for standard error.

    Yields:
        Counters for the workers; None where nothing is shown, because the run is quiet or the
        runner is not local, and so nothing is counted.
    """
    displays = _displays(verb, shown_part(stream or sys.stderr), current_screen())
    if not displays or not is_local(options):
        yield None
        return
    _remove_left_behind()
    start = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=start, ignore_cleanup_errors=True) as folder:
        watch = _Watch(PageCounters.in_folder(folder), displays)
        stopped = threading.Event()
        drawer = threading.Thread(
            target=_keep_drawing, args=(watch, stopped), name="progress", daemon=True
        )
        drawer.start()
        try:
            yield watch.counters
        finally:
            stopped.set()
            drawer.join()
            watch.close()


def _remove_left_behind() -> None:
    """Remove the counters of processes of this user that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        # Another user's, or one that another process has just removed.
        with suppress(OSError):
            if pid.isdigit() and not is_running(int(pid)) and not folder.is_symlink():
                shutil.rmtree(folder)


def _displays(verb: str, stream: TextIO, screen: Screen) -> list[_TerminalLine | _Minutes]:
    displays: list[_TerminalLine | _Minutes] = []
    if not screen.is_quiet:
        on_terminal = stream.isatty()
        displays.append(
            _TerminalLine(verb, stream) if on_terminal else _Minutes(verb, _timed(stream))
        )
    if screen.log:
        displays.append(_Minutes(verb, screen.log.add))
    return displays


def _keep_drawing(watch: _Watch, stopped: threading.Event) -> None:
    while not stopped.wait(_INTERVAL_S):
        watch.draw()


class _Watch:
    """The counters, and how fast they count, for all displays."""

    def __init__(self, counters: PageCounters, displays: list[_TerminalLine | _Minutes]):
        self.counters = counters
        self._displays = displays
        self._started_s = time.monotonic()
        self._throughput = Throughput()

    def draw(self) -> None:
        """Show the current counts."""
        found, finished = self.counters.counts()
        seconds = time.monotonic() - self._started_s
        rate = self._throughput.update(seconds, finished)
        for display in self._displays:
            display.draw(seconds, finished, found, rate)

    def close(self) -> None:
        """Show the last counts."""
        found, finished = self.counters.counts()
        seconds = time.monotonic() - self._started_s
        for display in self._displays:
            display.close(seconds, finished, found)


class _TerminalLine:
    """The line, redrawn in place."""

    def __init__(self, verb: str, stream: TextIO):
        self._verb, self._stream = verb, stream
        self._drawn_columns = 0

    def draw(self, seconds: float, finished: int, found: int, rate: float) -> None:
        columns = _columns(self._stream)
        text = format_progress(self._verb, finished, found, rate, columns, _workers())
        self._put(text, columns)

    def close(self, seconds: float, finished: int, found: int) -> None:
        columns = _columns(self._stream)
        text = format_summary(self._verb, finished, found, seconds, columns, _workers())
        self._put(text, columns, "\n")

    def _put(self, text: str, columns: int, end: str = "") -> None:
        blanked = text.ljust(min(self._drawn_columns, columns))
        self._drawn_columns = len(text)
        # A terminal that was closed must not end the run.
        with suppress(OSError):
            self._stream.write(f"\r{blanked}{end}")
            self._stream.flush()


class _Minutes:
    """A line each minute."""

    def __init__(self, verb: str, put: Callable[[str], None]):
        self._verb, self._put = verb, put
        self._next_s = LINE_INTERVAL_S

    def draw(self, seconds: float, finished: int, found: int, rate: float) -> None:
        if seconds >= self._next_s:
            self._next_s = seconds + LINE_INTERVAL_S
            self._put(format_progress(self._verb, finished, found, rate, _WIDE, _workers()))

    def close(self, seconds: float, finished: int, found: int) -> None:
        if seconds >= LINE_INTERVAL_S:
            self._put(format_summary(self._verb, finished, found, seconds, _WIDE, _workers()))


def _timed(stream: TextIO) -> Callable[[str], None]:
    """Return what writes lines to a stream, each with the time of day."""

    def put(line: str) -> None:
        # A reader that has gone must not end the run.
        with suppress(OSError):
            stream.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}\n")
            stream.flush()

    return put


def _workers() -> str:
    """Return how many worker processes there are, and what they take; empty for none."""
    workers = current_workers()
    return workers.describe() if workers and workers.has_started else ""


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
    every = (counters, *counters.others)
    for name, outputs in (("found", found), ("finished", finished)):
        paths = tuple(getattr(one, name) for one in every)
        for number, records in enumerate(outputs):
            records | f"Count {name} {number}" >> beam.ParDo(_CountPages(paths))


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
    def __init__(self, paths: tuple[str, ...]):
        self._paths = paths

    def process(self, record):
        for path in self._paths if is_page(record) else ():
            increment(path)
