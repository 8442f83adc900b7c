"""A stream that claims to be a terminal."""

from __future__ import annotations

import io
import threading


class FakeTerminal(io.StringIO):
    """Keep what is written, and signal when an awaited text has been written.

    Args:
        awaited: The text.

    Attributes:
        came: Set once the text has been written.
    """

    def __init__(self, awaited: str = "\n"):
        super().__init__()
        self._awaited = awaited
        self.came = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._awaited in text:
            self.came.set()
        return super().write(text)


class ClosedTerminal(FakeTerminal):
    """A terminal whose window was closed: every write fails."""

    def write(self, text: str) -> int:
        super().write(text)
        raise OSError("Input/output error")
