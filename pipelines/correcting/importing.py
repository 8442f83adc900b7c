"""Read PAGE and ALTO files that people corrected, and write what they changed into the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
from apache_beam.io.filesystems import FileSystems

from model.line_images.crop import scale_page
from pipelines.cli.options import UsageError
from pipelines.correcting.matching import (
    KnownLine,
    PageCorrections,
    correct_page,
    page_named,
    pages_by_name,
)
from pipelines.corrections.log import Conflict, CorrectionLog
from pipelines.descriptions.detect import NotAPage, UnknownMarkup, read_markup_pages
from pipelines.files.filesystem import input_patterns, read_bytes
from pipelines.formats.names import MARKUP_EXTENSION
from pipelines.transcripts.tables import open_tables, to_polyline
from schemas.corrections import CorrectionKind
from schemas.records import Failure, Line, Page

_LINES = """
    SELECT line_id, line_index, text, baseline, polygon, run_id FROM lines
    WHERE page_uri = ? ORDER BY line_index
"""
_CORRECTED = """
    SELECT line_id, kind, text, baseline, polygon, run_id, correction_id, applies
    FROM corrections WHERE page_uri = ? AND is_newest AND line_id <> '' ORDER BY number
"""


@dataclass
class Imported:
    """What became of the files.

    Attributes:
        done: The pages that were compared.
        failures: Files and pages that could not be.
        skipped: Files that describe no page.
    """

    done: list[PageCorrections]
    failures: list[Failure]
    skipped: list[str]

    @property
    def failure_rate(self) -> float:
        """Share of the pages and files that failed."""
        tried = len(self.done) + len(self.failures)
        return len(self.failures) / tried if tried else 0.0

    def __str__(self) -> str:
        done, failed, skipped = len(self.done), len(self.failures), len(self.skipped)
        same = sum(page.same for page in self.done)
        rewritten, drawn, removed = (
            sum(getattr(page, name) for page in self.done)
            for name in ("rewritten", "drawn", "removed")
        )
        failures = [f"{one.uri}: {one.stage}: {one.error}" for one in self.failures]
        return "\n".join(
            [
                *failures,
                f"pages: {done + failed + skipped:,} in = {done:,} ok + {failed:,} failed "
                f"+ {skipped:,} skipped",
                f"lines: {same + rewritten + drawn + removed:,} = {same:,} as they were + "
                f"{rewritten:,} corrected + {drawn:,} drawn + {removed:,} removed",
            ]
        )


def import_corrections(
    transcripts: str, inputs: Sequence[str], author: str, is_dry: bool = False
) -> Imported:
    """Take over what people corrected.

    Args:
        transcripts: Folder that transcribe wrote.
        inputs: PAGE or ALTO files, folders and globs.
        author: Who corrected them.
        is_dry: Whether to write nothing.

    Returns:
        What became of each file.

    Raises:
        UsageError: If tables or input cannot be used.
    """
    log = CorrectionLog(transcripts)
    connection = open_tables(transcripts)
    rows = connection.execute(
        "SELECT page_uri, width_px, height_px FROM pages WHERE status = 'ok' ORDER BY page_uri"
    ).fetchall()
    sizes_px = {uri: (width_px, height_px) for uri, width_px, height_px in rows}
    uris = pages_by_name(sizes_px)
    imported = Imported([], [], [])
    compared: dict[str, str] = {}
    for file in _files(inputs):
        for page in _pages(file, imported):
            try:
                uri = page_named(uris, page.uri, file)
                if uri in compared:
                    raise ValueError(f"{compared[uri]} describes {uri}, too; give one of them")
                compared[uri] = file
                found = _compare(connection, uri, sizes_px[uri], page, author, file)
                if not is_dry:
                    log.append_all(list(found.changes))
            except Conflict as conflict:
                imported.failures.append(Failure(file, "write", f"{conflict}; run this again"))
            except ValueError as error:
                imported.failures.append(Failure(file, "match", str(error)))
            else:
                imported.done.append(found)
    return imported


def _files(inputs: Sequence[str]) -> Iterator[str]:
    paths = {
        metadata.path
        for match in FileSystems.match(list(input_patterns(inputs)))
        for metadata in match.metadata_list
    }
    markup = sorted(path for path in paths if path.lower().endswith(MARKUP_EXTENSION))
    if not markup:
        raise UsageError(f"--input {inputs[0]}: no {MARKUP_EXTENSION} file; give PAGE or ALTO")
    return iter(markup)


def _pages(file: str, imported: Imported) -> Iterator[Page]:
    """Yield the pages that a file describes; add what is none to the outcome."""
    try:
        pages = read_markup_pages(read_bytes(file))
    except (NotAPage, UnknownMarkup):
        imported.skipped.append(file)
        return
    except (OSError, ValueError) as error:
        imported.failures.append(Failure(file, "read", str(error)))
        return
    for page in pages:
        if isinstance(page, Failure):
            imported.failures.append(replace(page, uri=file))
        else:
            yield page


def _compare(
    connection: duckdb.DuckDBPyConnection,
    uri: str,
    size_px: tuple[int, int],
    page: Page,
    author: str,
    file: str,
) -> PageCorrections:
    faults = [line for line in page.lines if line.fault]
    if faults:
        # Without it, it would count as removed.
        raise ValueError(f"line {faults[0].line_id}: {faults[0].fault}; nothing was taken over")
    if page.width_px and page.height_px:
        page = scale_page(page, *size_px)
    return correct_page(uri, _known_lines(connection, uri), page.lines, author, file)


def _known_lines(connection: duckdb.DuckDBPyConnection, uri: str) -> list[KnownLine]:
    corrected = {row[0]: row[1:] for row in connection.execute(_CORRECTED, [uri]).fetchall()}
    known = []
    for line_id, index, text, baseline, polygon, run_id in connection.execute(
        _LINES, [uri]
    ).fetchall():
        points = {"baseline": to_polyline(baseline), "polygon": to_polyline(polygon)}
        kind, said, *_, seen, applies = corrected.pop(line_id, ("", "", "", "", "", "", False))
        line = Line(line_id, index, said if applies else text, **points)
        is_gone = bool(applies) and kind == CorrectionKind.NO_LINE.value
        known.append(KnownLine(line, run_id, seen, text, is_gone))
    for line_id, (kind, said, baseline, polygon, run_id, seen, _) in corrected.items():
        if run_id == "":
            points = {"baseline": to_polyline(baseline), "polygon": to_polyline(polygon)}
            is_gone = kind == CorrectionKind.NO_LINE.value
            known.append(KnownLine(Line(line_id, 0, said, **points), "", seen, None, is_gone))
    return known
