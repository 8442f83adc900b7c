"""The transcribed pages with their lines, read from the tables one page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby

import duckdb

from pipelines.cli.options import UsageError
from pipelines.files.mirror import common_folder
from pipelines.formats.page_text import Origin, PageText
from pipelines.transcripts.tables import iterate_rows
from schemas.records import Character, Line, Skipped, Transcript

# DuckDB sorts on disk what exceeds it.
_MEMORY_LIMIT = "1GB"
# DuckDB returns lists of numbers several times faster than lists of structs.
_QUERY = """
    SELECT page_uri, status, sha256, width_px, height_px, address,
        canvas_width_px, canvas_height_px, dpi,
        line_id, line_index, region_id, text, lines.confidence,
        [c.text FOR c IN characters], [c.confidence FOR c IN characters],
        [p.x FOR p IN baseline], [p.y FOR p IN baseline],
        [p.x FOR p IN polygon], [p.y FOR p IN polygon], lines."row", lines."column"
    FROM pages LEFT JOIN lines USING (page_uri)
    {where}
    ORDER BY page_uri, line_index
"""


@dataclass(frozen=True)
class Extent:
    """How much the tables hold, and where the pages are.

    Attributes:
        page_count: Pages of any status.
        line_count: Lines that were read.
        folder: The folder that all pages are in, with its '/'; empty where they share none.
    """

    page_count: int
    line_count: int
    folder: str


def read_extent(connection: duckdb.DuckDBPyConnection) -> Extent:
    """Count the pages and lines in the tables, and find the folder that all pages are in.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.

    Raises:
        UsageError: If there is no page.
    """
    count, first, last = connection.execute(
        "SELECT count(*), min(page_uri), max(page_uri) FROM pages"
    ).fetchone()
    if not count:
        raise UsageError("--transcripts holds no page; transcribe some")
    (line_count,) = connection.execute("SELECT count(*) FROM lines").fetchone()
    return Extent(count, line_count, common_folder(first, last))


def read_origin(connection: duckdb.DuckDBPyConnection, version: str) -> Origin:
    """Return the origin of the text, as the row of the last run has it.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        version: Version of this program.
    """
    # In seconds: to return a time with its zone DuckDB needs another library.
    seconds, model_digest = connection.execute(
        "SELECT epoch(finished), model_digest FROM runs ORDER BY finished DESC LIMIT 1"
    ).fetchone()
    finished = datetime.fromtimestamp(seconds, timezone.utc)
    return Origin(f"Quire {version}", finished, model_digest)


def pages_with_lines(
    connection: duckdb.DuckDBPyConnection, scratch: str, uris: Sequence[str] | None = None
) -> Iterator[PageText | Skipped]:
    """Read the pages one after the other, sorted by their URIs.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        scratch: Local folder for what does not fit into memory; it need not exist.
        uris: The pages to read; None for all.

    Yields:
        Each page with its lines in reading order, or a `Skipped` if it was not transcribed.
    """
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    connection.execute("SET temp_directory = $folder", {"folder": scratch})
    where = "" if uris is None else "WHERE list_contains($uris, page_uri)"
    values = {} if uris is None else {"uris": list(uris)}
    found = connection.execute(_QUERY.format(where=where), values)
    for _, rows in groupby(iterate_rows(found), key=lambda row: row[0]):
        yield _page(list(rows))


def _page(rows: list[tuple]) -> PageText | Skipped:
    uri, status, sha256, width_px, height_px, address, *canvas_px, dpi = rows[0][:9]
    if status != "ok":
        return Skipped(uri, f"transcribe left it as {status}")
    # A page without lines still has one row, from the left join.
    lines = tuple(_transcript(uri, row[9:]) for row in rows if row[9] is not None)
    return PageText(uri, width_px, height_px, lines, sha256, address, tuple(canvas_px), dpi or 0)


def _transcript(uri: str, row: tuple) -> Transcript:
    line_id, line_index, region_id, text, confidence, characters, confidences, *rest = row
    baseline, polygon = (tuple(zip(*rest[i : i + 2])) for i in (0, 2))
    line = Line(
        line_id,
        line_index,
        baseline=baseline,
        polygon=polygon,
        region_id=region_id,
        row=rest[4],
        column=rest[5],
    )
    return Transcript(uri, line, text, confidence, tuple(map(Character, characters, confidences)))
