"""The transcribed pages with their lines, read from the tables one page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby

import duckdb

from pipelines.cli.options import UsageError
from pipelines.files.mirror import common_folder
from pipelines.formats.page_text import Origin, PageText, corrected_line
from pipelines.pages.names import location
from pipelines.transcripts.page_names import find_pages
from pipelines.transcripts.tables import iterate_rows
from pipelines.transcripts.views import READS
from schemas.records import Character, Line, Skipped, Transcript

# DuckDB sorts on disk what exceeds it.
_MEMORY_LIMIT = "1GB"
# DuckDB returns lists of numbers several times faster than lists of structs.
_QUERY = """
    SELECT page_uri, status, sha256, width_px, height_px, address,
        canvas_width_px, canvas_height_px, dpi, document, place, label, pages.run_id,
        line_id, line_index, region_id, text, lines.confidence,
        [c.text FOR c IN characters], [c.confidence FOR c IN characters],
        [p.x FOR p IN baseline], [p.y FOR p IN baseline],
        [p.x FOR p IN polygon], [p.y FOR p IN polygon], lines."row", lines."column",
        line_type, region_type, custom, direction,
        line_types, region_types, region_custom, is_corrected
    FROM selected_pages AS pages LEFT JOIN selected_lines AS lines USING (page_uri)
"""
_AS_READ = "SELECT *, false AS is_corrected FROM lines"
_READ_LINES = f"CREATE VIEW selected_lines AS {_AS_READ}"
_CORRECTED_LINES = "CREATE VIEW selected_lines AS SELECT * FROM corrected_lines"
# A page is another one after each of its corrections.
_CORRECTED_PAGES = """
    CREATE VIEW corrected_pages AS
    SELECT pages.* REPLACE (
        CASE WHEN newest IS NULL THEN run_id ELSE run_id || '+' || newest END AS run_id
    )
    FROM pages LEFT JOIN (
        SELECT page_uri AS uri, max_by(correction_id, number) AS newest
        FROM corrections WHERE applies AND line_id <> '' GROUP BY page_uri
    ) ON page_uri = uri
"""
_PAGE_QUERY = """
    SELECT page_uri, status, sha256, width_px, height_px, address,
        canvas_width_px, canvas_height_px, dpi, document, place, label, run_id
    FROM selected_pages
    WHERE status = 'ok'
"""
_ORDER = """
    ORDER BY
        CASE WHEN document = '' THEN regexp_replace(page_uri, '[^/]*$', '') ELSE document END,
        place, page_uri
"""
_PAGE_COLUMNS = 13
_CLASHES = r"""
    WITH named AS (
        SELECT regexp_replace(page_uri, '#page=[0-9]+$', '') AS file,
            regexp_extract(page_uri, '#page=([0-9]+)$', 1) AS number
        FROM selected_pages
    )
    SELECT lower(regexp_replace(file, '\.[A-Za-z0-9]{2,5}$', '')
        || CASE WHEN number = '' THEN '' WHEN length(number) < 4 THEN '_' || lpad(number, 4, '0')
            ELSE '_' || number END) AS path
    FROM named GROUP BY path HAVING count(*) > 1
"""


@dataclass(frozen=True)
class Extent:
    """How much the tables hold, and where the pages are.

    Attributes:
        page_count: Pages of any status.
        line_count: Lines that were read.
        gone_count: Pages that are gone, which are not among them.
        folder: The folder that all pages are in, with its '/'; empty where they share none.
    """

    page_count: int
    line_count: int
    folder: str
    gone_count: int = 0


@dataclass(frozen=True)
class Selection:
    """Which of the transcribed pages to read.

    Attributes:
        pages: Ends of the URIs of pages, or their names; empty for all.
        collection: Name of the collection; empty for all.
        where: Condition in SQL on the rows of `pages`; empty for none.
    """

    pages: tuple[str, ...] = ()
    collection: str = ""
    where: str = ""


def select_pages(
    connection: duckdb.DuckDBPyConnection, selection: Selection, corrected: bool = False
) -> None:
    """Create the views `selected_pages`, with some of the rows of `pages`, and `selected_lines`.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        selection: Which ones.
        corrected: Whether the lines are those that people corrected.

    Raises:
        UsageError: If the condition is no SQL, or a page or collection is unknown.
    """
    if corrected:
        connection.execute(_CORRECTED_PAGES)
    connection.execute(_CORRECTED_LINES if corrected else _READ_LINES)
    rows = connection.table("corrected_pages" if corrected else "pages")
    if selection.collection:
        rows = rows.filter(f"collection = {_quoted(selection.collection)}")
    if selection.pages:
        uris = [uri for (uri,) in rows.project("page_uri").fetchall()]
        found = (uri for name in selection.pages for uri in find_pages(uris, name, "--page"))
        rows = rows.filter(f"page_uri IN ({', '.join(map(_quoted, dict.fromkeys(found)))})")
    try:
        if selection.where:
            rows = rows.filter(f"({selection.where})")
        is_empty = rows.limit(1).fetchone() is None
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        raise UsageError(
            f"--where {selection.where}: {message}; give a condition on columns of pages"
        ) from None
    if is_empty and selection != Selection():
        raise UsageError(
            "no transcribed page fits --page, --collection and --where; `query` shows what is there"
        )
    rows.create_view("selected_pages")


def select_listed(connection: duckdb.DuckDBPyConnection, uris: Sequence[str]) -> None:
    """Create the views `selected_pages`, with the pages of some URIs, and `selected_lines`.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        uris: At least one.
    """
    connection.execute(_READ_LINES)
    listed = ", ".join(map(_quoted, uris))
    connection.table("pages").filter(f"page_uri IN ({listed})").create_view("selected_pages")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def clashing_stems(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the paths, in lower case, that several pages have without the image's extension.

    Args:
        connection: With the view `selected_pages`.
    """
    return frozenset(path for (path,) in iterate_rows(connection.execute(_CLASHES)))


def read_extent(connection: duckdb.DuckDBPyConnection) -> Extent:
    """Count the pages and lines in the tables, and find the folder that all pages are in.

    Args:
        connection: With the view `selected_pages`.

    Returns:
        What is selected; the folder is that of all pages, so that names do not depend on the
        selection.

    Raises:
        UsageError: If there is no page.
    """
    count, first, last = connection.execute(
        "SELECT count(*), min(page_uri), max(page_uri) FROM pages"
    ).fetchone()
    if not count:
        raise UsageError("--transcripts holds no page; transcribe some")
    (line_count,) = connection.execute(
        "SELECT count(*) FROM selected_lines SEMI JOIN selected_pages USING (page_uri)"
    ).fetchone()
    (count,) = connection.execute("SELECT count(*) FROM selected_pages").fetchone()
    (gone_count,) = connection.execute("SELECT count(*) FROM gone").fetchone()
    return Extent(count, line_count, common_folder(first, last), gone_count)


def read_origin(connection: duckdb.DuckDBPyConnection, version: str) -> Origin:
    """Return the origin of the text, as the row of the last run has it.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        version: Version of this program.
    """
    # In seconds: to return a time with its zone DuckDB needs another library.
    seconds, model_digest = connection.execute(
        f"SELECT epoch(finished), model_digest FROM runs WHERE {READS} "
        "ORDER BY finished DESC LIMIT 1"
    ).fetchone()
    finished = datetime.fromtimestamp(seconds, timezone.utc)
    return Origin(f"Quire {version}", finished, model_digest)


def read_root(connection: duckdb.DuckDBPyConnection) -> tuple[str, str | None]:
    """Return the folder that names of pages start from, and the start of those names.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
    """
    query = "SELECT root, root_name FROM runs WHERE root IS NOT NULL ORDER BY run_id DESC LIMIT 1"
    return connection.execute(query).fetchone() or ("", None)


def pages_with_lines(
    connection: duckdb.DuckDBPyConnection, scratch: str
) -> Iterator[PageText | Skipped]:
    """Read the pages one after the other, by document or folder, and there in their order.

    Args:
        connection: With the view `selected_pages`.
        scratch: Local folder for what does not fit into memory; it need not exist.

    Yields:
        Each page with its lines in reading order, or a `Skipped` if it was not transcribed.
    """
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    connection.execute("SET temp_directory = $folder", {"folder": scratch})
    root = read_root(connection)
    query = f"{_QUERY}{_ORDER}, line_index"
    for _, rows in groupby(iterate_rows(connection.execute(query)), key=lambda row: row[0]):
        yield _page(list(rows), *root)


def page_with_lines(connection: duckdb.DuckDBPyConnection, uri: str) -> PageText | Skipped | None:
    """Read one page.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        uri: The page.

    Returns:
        The page with its lines in reading order; a `Skipped` if it was not transcribed; None if
        there is none.
    """
    chosen = (
        "WITH selected_pages AS (SELECT * FROM pages WHERE page_uri = $uri), "
        f"selected_lines AS ({_AS_READ} WHERE page_uri = $uri)"
    )
    rows = connection.execute(f"{chosen} {_QUERY} ORDER BY line_index", {"uri": uri}).fetchall()
    return _page(rows, *read_root(connection)) if rows else None


def pages_without_lines(connection: duckdb.DuckDBPyConnection) -> Iterator[PageText]:
    """Read the pages that were transcribed in the order of `pages_with_lines`, but not their lines.

    Args:
        connection: With the view `selected_pages`.
    """
    root = read_root(connection)
    for row in iterate_rows(connection.execute(_PAGE_QUERY + _ORDER)):
        yield _page([row], *root)


def _page(rows: list[tuple], root: str, root_name: str | None) -> PageText | Skipped:
    uri, status, sha256, width_px, height_px, address = rows[0][:6]
    canvas_width_px, canvas_height_px, dpi, document, place, label, run_id = rows[0][6:13]
    if status != "ok":
        is_failed = status == "failed"
        return Skipped(uri, "transcribe could not read it" if is_failed else "is no page")
    # A page without lines still has one row, from the left join.
    read = (row[_PAGE_COLUMNS:] for row in rows)
    lines = tuple(_transcript(uri, row) for row in read if row and row[0] is not None)
    return PageText(
        uri,
        width_px,
        height_px,
        lines,
        sha256,
        location(uri, address, root, root_name),
        (canvas_width_px, canvas_height_px),
        dpi or 0,
        document,
        place,
        label,
        run_id=run_id,
    )


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
        kind=rest[6] or "",
        region_kind=rest[7] or "",
        custom=rest[8] or "",
        direction=rest[9] or "",
        more_kinds=tuple(rest[10] or ())[1:],
        more_region_kinds=tuple(rest[11] or ())[1:],
        region_custom=rest[12] or "",
    )
    if rest[13]:
        return corrected_line(Transcript(uri, line, "", 1.0), text)
    return Transcript(uri, line, text, confidence, tuple(map(Character, characters, confidences)))
