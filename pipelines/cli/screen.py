"""What a command shows and what it writes down: --quiet, --verbose, --log_file."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

# Beam tells at this level how it translates the pipeline.
_TALKATIVE = "apache_beam"


class LogFile:
    """A file to which the lines of a run are added, each with its time.

    Args:
        path: The file; what it holds is kept.

    Raises:
        OSError: If it cannot be written.
    """

    def __init__(self, path: str):
        self._file = open(path, "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """Add a line, or several."""
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        # A disk that is too full for the log must not end the run.
        with self._lock, suppress(OSError, ValueError):
            self._file.writelines(f"{when} {line}\n" for line in text.rstrip("\n").split("\n"))
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self._file.close()


@dataclass(frozen=True)
class Screen:
    """What this run shows.

    Attributes:
        is_quiet: Whether only what is wrong is shown.
        is_verbose: Whether also messages of libraries are shown.
        log: Where everything is written down; None for nowhere.
    """

    is_quiet: bool = False
    is_verbose: bool = False
    log: LogFile | None = None

    def tell(self, text: str) -> None:
        """Say something that only few want to know: on the screen if it is verbose, in the log."""
        if self.is_verbose:
            print(text, file=sys.stderr, flush=True)
        elif self.log:
            self.log.add(text)


_screen = Screen()


def current_screen() -> Screen:
    """Return what this run shows."""
    return _screen


def add_screen_flags(parser: argparse.ArgumentParser) -> None:
    """Add `--quiet`, `--verbose` and `--log_file`."""
    group = parser.add_argument_group("messages")
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument(
        "--quiet", action="store_true", help="say only what is wrong, as for a nightly run"
    )
    loudness.add_argument(
        "--verbose", action="store_true", help="also show the messages of libraries"
    )
    group.add_argument(
        "--log_file",
        default="",
        metavar="FILE",
        help="also write all messages to this file, each with its time; it is added to",
    )


@contextmanager
def open_screen(screen: Screen, prints_data: bool) -> Iterator[None]:
    """Show in the context what a run shows; its log is closed at the end.

    Args:
        screen: What it shows.
        prints_data: Whether standard output is what the command is for, and no message.
    """
    global _screen
    before, log = _screen, screen.log
    with ExitStack() as stack:
        if log:
            stack.callback(log.close)
        if not prints_data and (log or screen.is_quiet):
            shown = None if screen.is_quiet else sys.stdout
            stack.enter_context(redirect_stdout(_Copied(shown, log)))
        if log:
            stack.enter_context(redirect_stderr(_Copied(sys.stderr, log)))
        stack.enter_context(library_messages(screen.is_verbose, log))
        _screen = screen
        try:
            yield
        # Python prints it once the run is over.
        except Exception:
            if log:
                log.add(traceback.format_exc())
            raise
        finally:
            _screen = before


def shown_part(stream: TextIO) -> TextIO:
    """Return the part of a stream that is shown, without its copy in the log."""
    return stream.shown if isinstance(stream, _Copied) else stream


class _Copied(io.TextIOBase):
    """A stream whose lines also go to a log."""

    def __init__(self, stream: TextIO | None, log: LogFile | None):
        self.shown, self._log, self._line = stream, log, ""

    def write(self, text: str) -> int:
        if self.shown:
            self.shown.write(text)
        if self._log:
            *lines, self._line = (self._line + text).split("\n")
            for line in lines:
                self._log.add(line)
        return len(text)

    def flush(self) -> None:
        if self.shown:
            self.shown.flush()

    def isatty(self) -> bool:
        return bool(self.shown) and self.shown.isatty()

    def fileno(self) -> int:
        if self.shown is None:
            raise OSError("not a file")
        return self.shown.fileno()


@contextmanager
def library_messages(is_verbose: bool, log: LogFile | None = None) -> Iterator[None]:
    """Show of the messages of libraries only the errors, in the context; log the others.

    Their warnings are about their own insides: a page with a fault has a row that says so.

    Args:
        is_verbose: Whether to show the others, too.
        log: Where to write them down; None for nowhere.
    """
    root, beam = logging.getLogger(), logging.getLogger(_TALKATIVE)
    levels = root.level, beam.level
    # With handlers of its own, the program that this runs in shows what it wants.
    added: list[logging.Handler] = [] if root.handlers else [_OnScreen(is_verbose)]
    if log:
        added.append(_InLog(log))
    for handler in added:
        root.addHandler(handler)
    if is_verbose:
        root.setLevel(logging.INFO)
        beam.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for handler in added:
            root.removeHandler(handler)
        root.setLevel(levels[0])
        beam.setLevel(levels[1])


class _OnScreen(logging.Handler):
    def __init__(self, is_verbose: bool):
        super().__init__(logging.INFO if is_verbose else logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        # Whatever standard error is now.
        with suppress(OSError, ValueError):
            print(self.format(record), file=sys.stderr, flush=True)


class _InLog(logging.Handler):
    def __init__(self, log: LogFile):
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.ERROR:
            # Errors are shown, and what is shown is logged.
            self._log.add(f"{record.name}: {self.format(record)}")


def about_the_process() -> str:
    """Return a line on what runs where, for the log."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"Python {version} on {sys.platform}, process {os.getpid()}, in {os.getcwd()}"
