"""Query the tables of a run with DuckDB."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TextIO

import duckdb

from pipelines.options import UsageError
from pipelines.transcript_views import VIEWS


def open_tables(directory: str) -> duckdb.DuckDBPyConnection:
    """Open the tables of all runs as views.

    Args:
        directory: What transcribe wrote.

    Returns:
        A connection with the views `runs`; `lines`, `pages` and `failures`, which show each
        page as the newest run that read it left it; `all_lines`, `all_pages` and
        `all_failures`, which keep the older versions; and the table function
        `line_changes(old, new)` between two runs.

    Raises:
        UsageError: If the folder holds no finished run.
    """
    root = Path(directory)
    if not root.is_dir():
        raise UsageError(f"{directory}: no such folder; give --transcripts what transcribe wrote")
    # The row of `runs` is written last: what no run vouches for may be cut short.
    runs = sorted(str(path) for path in (root / "runs").glob("*.parquet"))
    if not runs:
        raise UsageError(f"{directory} has no table runs, so no run ended here; transcribe again")
    connection = duckdb.connect()
    connection.read_parquet(runs, union_by_name=True).create_view("runs")
    names = {Path(path).stem for path in runs}
    for table in ("lines", "pages", "failures"):
        _view_of_all(connection, root, table, names)
    for statement in VIEWS:
        connection.execute(statement)
    return connection


def _view_of_all(
    connection: duckdb.DuckDBPyConnection, root: Path, table: str, runs: set[str]
) -> None:
    found = sorted((root / table).glob("collection=*/*.parquet"))
    files = [str(path) for path in found if path.stem.rpartition("-")[0] in runs]
    if not files:
        raise UsageError(f"{root} has no table {table}; transcribe again")
    rows = connection.read_parquet(files, hive_partitioning=True, union_by_name=True)
    # A collection may be called 1858; it is a name all the same.
    rows.project("* REPLACE (collection::VARCHAR AS collection)").create_view(f"all_{table}")


def write_rows(rows: duckdb.DuckDBPyRelation, format_name: str, out: TextIO) -> None:
    """Write the rows of a query.

    Args:
        rows: Rows of a query, not yet fetched.
        format_name: 'table', 'csv' or 'jsonl'.
        out: Where to.
    """
    if format_name == "table":
        out.write(f"{_table(rows)}\n")
        return
    names = rows.columns
    writer = csv.writer(out, lineterminator="\n")
    if format_name == "csv":
        writer.writerow(names)
    while batch := rows.fetchmany(1000):
        for row in batch:
            if format_name == "csv":
                writer.writerow(row)
            else:
                line = json.dumps(dict(zip(names, row)), ensure_ascii=False, default=str)
                out.write(f"{line}\n")


def _table(rows: duckdb.DuckDBPyRelation) -> str:
    names, cells = rows.columns, [list(map(_cell, row)) for row in rows.fetchall()]
    widths = [max(map(len, column)) for column in zip(names, *cells)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in (names, ["-" * width for width in widths], *cells)
    )


def _cell(value) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
