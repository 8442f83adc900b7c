"""The tables that transcribe wrote, as views of DuckDB."""

from __future__ import annotations

import os
import posixpath
import sys
import weakref
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import duckdb
from rapidfuzz.distance import Levenshtein

from model.text.charset import normalise_text
from pipelines.cli.options import UsageError
from pipelines.corrections.views import add_correction_views
from pipelines.files.cached import local_tables
from pipelines.files.readers import begin_reading
from pipelines.tables.missing import Missing
from pipelines.transcripts.engines import null_column, quoted
from pipelines.transcripts.files import (
    FilesOfTables,
    files_of_tables,
    naming_damage,
    run_files,
    tables_of_others,
)
from pipelines.transcripts.views import LACKING, LINE_CHANGES, REGIONS, UNKNOWN, VIEWS
from schemas.records import Polyline
from schemas.tables import TABLES

# Rows in memory at a time.
_BATCH_ROWS = 1000


def open_tables(directory: str) -> duckdb.DuckDBPyConnection:
    """Open the tables of all runs as views.

    Args:
        directory: Folder that transcribe wrote, on a disk or in a bucket.

    Returns:
        A connection with the views `runs`; `lines`, `pages` and `failures`, which show the
        result of the newest run that read a page, unless it is gone; `gone`, the pages that are;
        `all_lines`, `all_pages` and `all_failures`, which also have the older results;
        `corrections`, and `corrected_lines`, the lines as people corrected them; and the table
        function `line_changes(old, new)`, the lines that two runs read differently.

    Raises:
        UsageError: If the folder holds no finished run, or a file is damaged. Damage that is
            noticed only when rows are read: see `pipelines.transcripts.files.naming_damage`.
    """
    return _open(directory)[0]


def _open(directory: str) -> tuple[duckdb.DuckDBPyConnection, dict[str, list[str]]]:
    """Open the tables, and return the files of each with the connection."""
    directory = local_tables(directory)
    if not Path(directory).is_dir():
        raise UsageError(f"{directory}: no such folder; give --transcripts what transcribe wrote")
    if not run_files(directory):
        raise UsageError(f"{directory} has no table runs, so no run has finished; transcribe again")
    # Files that are replaced meanwhile stay until this connection is closed.
    reading = begin_reading(str(Path(directory, "runs")))
    connection = duckdb.connect()
    if reading is not None:
        weakref.finalize(connection, os.close, reading)
    with naming_damage(directory):
        found = files_of_tables(directory)
        found.check()
        tables = {table: list(files) for table, files in found.counting.items()}
        for table, files in tables.items():
            if files:
                _view_of_files(connection, table, files)
            elif any(path.startswith(f"{table}/") for path in found.missing):
                _view_of_nothing(connection, table)
            else:
                raise UsageError(f"{directory} has no table {table}; transcribe again")
        for name, sql in VIEWS.items():
            connection.execute(f"CREATE VIEW {name} AS {sql}")
        for statement in (LINE_CHANGES, REGIONS):
            connection.execute(statement)
        add_correction_views(connection, directory)
        if found.missing:
            _tell_missing(connection, directory, found)
    return connection, tables


def _tell_missing(
    connection: duckdb.DuckDBPyConnection, directory: str, found: FilesOfTables
) -> None:
    """Say which files are missing, if pages as they are shown lack what was in them."""
    lacking, unknown = (connection.execute(sql).fetchone()[0] for sql in (LACKING, UNKNOWN))
    missing = Missing(found.missing, found.recorded.missed, lacking, unknown)
    if text := missing.text(directory.rstrip("/")):
        print(text, file=sys.stderr)


def open_any_tables(
    directory: str, opens_files: bool = False, others: Sequence[str] = ()
) -> duckdb.DuckDBPyConnection:
    """Open the tables that any command wrote: as `open_tables`, or each table as a view.

    Args:
        directory: Folder that transcribe, ingest, lines or export wrote, or that of a table in it,
            such as `failures`.
        opens_files: Whether queries may open other files, addresses and extensions, too.
        others: Files that queries may open besides those of the tables.

    Raises:
        UsageError: As `open_tables`.
    """
    directory = local_tables(directory)
    if Path(directory).name in TABLES and run_files(str(Path(directory).parent)):
        directory = str(Path(directory).parent)
    connection, tables = duckdb.connect(), tables_of_others(directory)
    if not tables:
        connection, tables = _open(directory)
        connection.create_function("edits", edits, ["VARCHAR", "VARCHAR"], "BIGINT")
    else:
        with naming_damage(directory):
            for table, files in tables.items():
                rows = connection.read_parquet(files, hive_partitioning=False, union_by_name=True)
                rows.create_view(table)
    if not opens_files:
        of_tables = (file for files in tables.values() for file in files)
        _open_only(connection, [*of_tables, *others])
    return connection


def _open_only(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Let no query open anything but some files, look at variables of Python, or change that."""
    connection.execute(f"SET allowed_paths = [{', '.join(map(quoted, files))}]")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _view_of_files(connection: duckdb.DuckDBPyConnection, table: str, files: list[str]) -> None:
    if table == "runs":
        rows = connection.read_parquet(files, hive_partitioning=False, union_by_name=True)
    else:
        rows = _rows_of_collections(connection, files)
    # Columns that came later are null where no file has them.
    later = [field for field in TABLES[table] if field.name not in rows.columns]
    rows.project(", ".join(["*", *map(null_column, later)])).create_view(f"stored_{table}")


def _view_of_nothing(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make the view of a table of which no file is left."""
    nulls = ", ".join(map(null_column, TABLES[table]))
    connection.execute(
        f"CREATE VIEW stored_{table} AS SELECT {nulls}, NULL::VARCHAR AS collection WHERE false"
    )


def _rows_of_collections(
    connection: duckdb.DuckDBPyConnection, files: list[str]
) -> duckdb.DuckDBPyRelation:
    """Return the rows of the files of a table, with the collection that is the folder of each.

    DuckDB would take every folder of the path for a partition if its name has a '=', and guess the
    type of its value.
    """
    parts = []
    for folder, of_folder in groupby(sorted(files), posixpath.dirname):
        collection = posixpath.basename(folder).partition("=")[2]
        named = ", ".join(map(quoted, of_folder))
        parts.append(
            f"SELECT *, {quoted(collection)} AS collection FROM read_parquet([{named}], "
            "hive_partitioning = false, union_by_name = true)"
        )
    return connection.sql(" UNION ALL BY NAME ".join(parts))


def edits(read: str, truth: str) -> int:
    """Return the number of characters to change, add or leave out; SQL has it as `edits`.

    DuckDB's own function counts bytes.

    Example:
        >>> edits("abbe", "abbé"), edits("a", "")
        (1, 1)
    """
    return Levenshtein.distance(normalise_text(read), normalise_text(truth))


def iterate_rows(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> Iterator[tuple]:
    """Fetch the rows of a query, few of them in memory at a time.

    Args:
        result: An executed query, or a relation.

    Yields:
        The rows, in the order of the query.
    """
    while batch := result.fetchmany(_BATCH_ROWS):
        yield from batch


def to_polyline(points: list[dict[str, float]] | None) -> Polyline:
    """Return the points of a column `baseline` or `polygon`; none for a missing value.

    Example:
        >>> to_polyline([{"x": 1.0, "y": 2.5}]), to_polyline(None)
        (((1.0, 2.5),), ())
    """
    return tuple((point["x"], point["y"]) for point in points or ())
