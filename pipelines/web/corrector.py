"""The log of corrections, as several people write and read it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from pipelines.corrections.log import CorrectionLog
from pipelines.formats.page_text import PageText, corrected_line
from pipelines.web.page import ShownLine
from schemas.corrections import Correction, CorrectionKind
from schemas.records import Line, Transcript


class Corrector:
    """The corrections of an archive.

    Args:
        transcripts: Folder that transcribe wrote.
    """

    def __init__(self, transcripts: str):
        self._log, self._lock = CorrectionLog(transcripts), threading.Lock()

    def of_page(self, uri: str) -> Correction | None:
        """Return the newest mark of a page; None if there is none."""
        with self._lock:
            return self._log.state().latest.get((uri, ""))

    def of_line(self, page: dict, line: ShownLine) -> Correction | None:
        """Return the newest correction of a line; None if there is none that holds for it."""
        return self.of_lines(page, [line]).get(line.line_id)

    def of_lines(self, page: dict, lines: Iterable[ShownLine]) -> dict[str, Correction]:
        """Return the newest correction of each line of a page that has one, by the line.

        Args:
            page: Row of the page.
            lines: Its lines, as the run read them that counts.
        """
        with self._lock:
            latest = self._log.state().latest
            found = [(line, latest.get((page["page_uri"], line.line_id))) for line in lines]
        run = page["reading_run"]
        return {line.line_id: one for line, one in found if one and _holds(one, line, run)}

    def corrected(self, row: dict, page: PageText, lines: Iterable[ShownLine]) -> PageText:
        """Return a page as people corrected it, with the lines that they drew after the others.

        Args:
            row: Row of the page.
            page: The page as the run read it that counts.
            lines: Its lines, likewise.
        """
        fixes = self.of_lines(row, lines)
        with self._lock:
            latest = self._log.state().latest
            drawn = [one for one in latest.values() if one.page_uri == page.uri and not one.run_id]
        read = (_corrected(one, fixes.get(one.line.line_id)) for one in page.lines)
        kept = [*filter(None, read)]
        for one in drawn:
            if one.line_id and one.kind is CorrectionKind.TEXT:
                line = Line(one.line_id, len(kept), baseline=one.baseline, polygon=one.polygon)
                kept.append(corrected_line(Transcript(page.uri, line, "", 1.0), one.text))
        return replace(page, lines=tuple(kept))

    def latest(self) -> dict[tuple[str, str], Correction]:
        """Return the newest correction of all lines and pages, whether it holds or not."""
        with self._lock:
            return dict(self._log.state().latest)

    def newest_id(self, uri: str, line_id: str) -> str:
        """Return the identifier of the newest correction of a line; empty for none."""
        with self._lock:
            newest = self._log.state().latest.get((uri, line_id))
        return newest.correction_id if newest else ""

    def places(self) -> tuple[set[tuple[str, str]], set[str]]:
        """Return the lines that were looked at, as page and line, and the pages that are done."""
        latest = self.latest()
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


def _corrected(read: Transcript, fix: Correction | None) -> Transcript | None:
    """Return a line as it was corrected; None if it is no line."""
    if fix is None:
        return read
    return None if fix.kind is CorrectionKind.NO_LINE else corrected_line(read, fix.text)


def _holds(correction: Correction, line: ShownLine, run_id: str) -> bool:
    """Return whether a correction is of this line, as the view `corrections` tells.

    A line of another run is the same where it is called so and lies at the same place or, where
    nobody knows its place, was read the same.
    """
    if correction.run_id == run_id:
        return True
    if correction.baseline:
        return correction.baseline == line.baseline
    return correction.old_text == line.text
