"""Query the tables of a run with DuckDB."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TextIO

import duckdb

from pipelines.options import UsageError
from schemas.tables import TABLES


def open_tables(directory: str) -> duckdb.DuckDBPyConnection:
    """Open the tables of a run as views.

    Args:
        directory: What transcribe wrote.

    Returns:
        A connection with the views `lines`, `pages`, `failures` and `runs`.

    Raises:
        UsageError: If the folder holds no complete run.
    """
    root = Path(directory)
    if not root.is_dir():
        raise UsageError(f"{directory}: no such folder; give --transcripts what transcribe wrote")
    # The row of `runs` is written last: without it the others may be cut short.
    if not any((root / "runs").glob("*.parquet")):
        raise UsageError(f"{directory} has no table runs, so no run ended here; transcribe again")
    connection = duckdb.connect()
    for table in TABLES:
        files = sorted(str(path) for path in (root / table).glob("*.parquet"))
        if files:
            connection.read_parquet(files).create_view(table)
    return connection


def select(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
    """Run a query.

    Args:
        connection: What `open_tables` gave.
        query: SQL that gives rows.

    Returns:
        The rows, not yet fetched.

    Raises:
        UsageError: If DuckDB refuses it, or it gives no rows.
    """
    try:
        relation = connection.sql(query)
    except duckdb.Error as error:
        raise UsageError(f"query: {str(error).splitlines()[0]}") from None
    if relation is None:
        raise UsageError("query gives no rows; write a SELECT")
    return relation


def write_rows(rows: duckdb.DuckDBPyRelation, format_name: str, out: TextIO) -> None:
    """Write the rows of a query.

    Args:
        rows: What `select` gave.
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
