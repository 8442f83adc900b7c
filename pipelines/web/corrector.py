"""The log of corrections, as several people write and read it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from pipelines.corrections.log import CorrectionLog
from pipelines.web.page import ShownLine
from schemas.corrections import Correction, CorrectionKind


class Corrector:
    """The corrections of an archive.

    Args:
        transcripts: Folder that transcribe wrote.
    """

    def __init__(self, transcripts: str):
        self._log, self._lock = CorrectionLog(transcripts), threading.Lock()

    def latest(self, uri: str, line_id: str = "") -> Correction | None:
        """Return the newest correction of a line, or of a page; None if there is none."""
        with self._lock:
            return self._log.state().latest.get((uri, line_id))

    def of_lines(self, uri: str, lines: Iterable[ShownLine]) -> dict[str, Correction]:
        """Return the newest correction of each line of a page that has one, by the line."""
        with self._lock:
            latest = self._log.state().latest
            found = {line.line_id: latest.get((uri, line.line_id)) for line in lines}
        return {line_id: one for line_id, one in found.items() if one}

    def places(self) -> tuple[set[tuple[str, str]], set[str]]:
        """Return the lines that were looked at, as page and line, and the pages that are done."""
        with self._lock:
            latest = dict(self._log.state().latest)
        done = {uri for (uri, _), one in latest.items() if one.kind is CorrectionKind.PAGE_DONE}
        return {place for place in latest if place[1]}, done

    def append(self, correction: Correction, seen: str) -> Correction:
        """Write a correction; it is on the disk when this returns.

        Args:
            correction: What a person says.
            seen: Identifier of the newest one of that line or page that the person saw.

        Raises:
            Conflict: If there is a newer one.
            OSError: If it could not be written.
        """
        with self._lock:
            return self._log.append(correction, seen)
