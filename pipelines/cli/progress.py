"""A line on the terminal that tells how far a local run is, and how long it still takes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.cli.progress_text import Rate, format_progress, format_summary

_INTERVAL_S = 0.5


@dataclass(frozen=True)
class Tally:
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
    def in_folder(cls, folder: str) -> Tally:
        """Start at nothing in a folder."""
        tally = cls(os.path.join(folder, "found"), os.path.join(folder, "finished"))
        for path in (tally.found, tally.finished):
            with open(path, "wb"):
                pass
        return tally

    def counts(self) -> tuple[int, int]:
        """Count the pages found and finished up to now."""
        return os.path.getsize(self.found), os.path.getsize(self.finished)


@contextmanager
def show_progress(
    verb: str, options: PipelineOptions, stream: TextIO | None = None
) -> Iterator[Tally | None]:
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
        line = _TerminalLine(verb, Tally.in_folder(folder), stream)
        over = threading.Event()
        painter = threading.Thread(
            target=_keep_drawing, args=(line, over), name="progress", daemon=True
        )
        painter.start()
        try:
            yield line.tally
        finally:
            over.set()
            painter.join()
            line.close()


def _keep_drawing(line: _TerminalLine, over: threading.Event) -> None:
    while not over.wait(_INTERVAL_S):
        line.draw()


class _TerminalLine:
    """The line, drawn over itself."""

    def __init__(self, verb: str, tally: Tally, stream: TextIO):
        self.tally = tally
        self._verb = verb
        self._stream = stream
        self._started_s = time.monotonic()
        self._rate = Rate()
        self._drawn_columns = 0

    def draw(self) -> None:
        """Show the counts of now."""
        found, finished = self.tally.counts()
        rate = self._rate.at(time.monotonic() - self._started_s, finished)
        columns = _columns(self._stream)
        self._put(format_progress(self._verb, finished, found, rate, columns), columns)

    def close(self) -> None:
        """Show the last counts and end the line."""
        found, finished = self.tally.counts()
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
