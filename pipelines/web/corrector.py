"""The log of corrections, as several people write and read it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from pipelines.corrections.holding import holds
from pipelines.corrections.log import CorrectionLog
from pipelines.formats.page_text import PageText, corrected_line
from pipelines.web.index.corrected import Changes
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
        return {
            line.line_id: one
            for line, one in found
            if one and holds(one, run, line.text, line.baseline)
        }

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

    def changes(self, mark: tuple[int, int] | None) -> Changes:
        """Return what was corrected since some moment.

        Args:
            mark: Mark of the result of an earlier call; None for all.
        """
        with self._lock:
            state = self._log.state()
            is_whole = mark is None or mark[0] != state.generation
            places = {one.place: None for one in state.all[0 if is_whole else mark[1] :]}
            newest = [state.latest[place] for place in places]
            return Changes((state.generation, len(state.all)), newest, is_whole)

    def newest_id(self, uri: str, line_id: str) -> str:
        """Return the identifier of the newest correction of a line; empty for none."""
        with self._lock:
            newest = self._log.state().latest.get((uri, line_id))
        return newest.correction_id if newest else ""

    def pages_done(self) -> set[str]:
        """Return the pages that were marked as done."""
        with self._lock:
            latest = self._log.state().latest.values()
            return {one.page_uri for one in latest if one.kind is CorrectionKind.PAGE_DONE}

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
