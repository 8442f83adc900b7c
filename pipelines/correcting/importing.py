"""Read PAGE and ALTO files that people corrected, and write what they changed into the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

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
from pipelines.corrections.holding import holds
from pipelines.corrections.log import Conflict, CorrectionLog
from pipelines.descriptions.detect import NotAPage, UnknownMarkup, read_markup_pages
from pipelines.files.filesystem import input_patterns, read_bytes
from pipelines.formats.names import MARKUP_EXTENSION
from pipelines.transcripts.tables import iterate_rows, open_tables, to_polyline
from schemas.corrections import Correction, CorrectionKind
from schemas.records import Failure, Line, Page

# The lines of so many pages are read at once, as each look at the tables goes through all of them.
_PAGES_AT_ONCE = 1000
_LINES = """
    SELECT page_uri, line_id, line_index, text, baseline, polygon, run_id
    FROM lines JOIN (SELECT unnest($uris::VARCHAR[]) AS page_uri) USING (page_uri)
    ORDER BY page_uri, line_index
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
    said = _newest_by_page(log)
    imported = Imported([], [], [])
    named = _named_pages(_files(inputs), pages_by_name(sizes_px), imported)
    while batch := list(islice(named, _PAGES_AT_ONCE)):
        known = _known_lines(connection, said, [uri for uri, _, _ in batch])
        for uri, page, file in batch:
            try:
                found = _compare(uri, known[uri], sizes_px[uri], page, author, file)
                if not is_dry:
                    log.append_all(list(found.changes))
            except Conflict as conflict:
                imported.failures.append(Failure(file, "write", f"{conflict}; run this again"))
            except ValueError as error:
                imported.failures.append(Failure(file, "match", str(error)))
            else:
                imported.done.append(found)
    return imported


def _named_pages(
    files: Iterable[str], uris: Mapping[str, Sequence[str]], imported: Imported
) -> Iterator[tuple[str, Page, str]]:
    """Yield each page that is described, with its name in the tables and the file."""
    described_by: dict[str, str] = {}
    for file in files:
        for page in _pages(file, imported):
            try:
                uri = page_named(uris, page.uri, file)
                if uri in described_by:
                    raise ValueError(f"{described_by[uri]} describes {uri}, too; give one of them")
            except ValueError as error:
                imported.failures.append(Failure(file, "match", str(error)))
            else:
                described_by[uri] = file
                yield uri, page, file


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
    uri: str,
    known: Sequence[KnownLine],
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
    return correct_page(uri, known, page.lines, author, file)


def _newest_by_page(log: CorrectionLog) -> dict[str, dict[str, Correction]]:
    """Return the newest correction of each line of each page."""
    found: dict[str, dict[str, Correction]] = {}
    for (uri, line_id), one in log.state().latest.items():
        if line_id:
            found.setdefault(uri, {})[line_id] = one
    return found


def _known_lines(
    connection: duckdb.DuckDBPyConnection,
    said: Mapping[str, Mapping[str, Correction]],
    uris: Sequence[str],
) -> dict[str, list[KnownLine]]:
    """Return the lines of some pages as they stand now: those that were read, then those drawn."""
    known: dict[str, list[KnownLine]] = {uri: [] for uri in uris}
    names = set()
    for uri, line_id, index, text, baseline, polygon, run_id in iterate_rows(
        connection.execute(_LINES, {"uris": list(uris)})
    ):
        names.add((uri, line_id))
        line = Line(line_id, index, text, to_polyline(baseline), to_polyline(polygon))
        known[uri].append(_as_corrected(line, run_id, said.get(uri, {}).get(line_id)))
    for uri in uris:
        for line_id, one in said.get(uri, {}).items():
            if one.run_id == "" and (uri, line_id) not in names:
                line = Line(line_id, 0, one.text, one.baseline, one.polygon)
                is_gone = one.kind is CorrectionKind.NO_LINE
                known[uri].append(KnownLine(line, "", one.correction_id, None, is_gone))
    return known


def _as_corrected(line: Line, run_id: str, newest: Correction | None) -> KnownLine:
    if newest is None:
        return KnownLine(line, run_id, "", line.text)
    if not holds(newest, run_id, line.text or "", line.baseline):
        return KnownLine(line, run_id, newest.correction_id, line.text)
    is_gone = newest.kind is CorrectionKind.NO_LINE
    said = replace(line, text=newest.text)
    return KnownLine(said, run_id, newest.correction_id, line.text, is_gone)
