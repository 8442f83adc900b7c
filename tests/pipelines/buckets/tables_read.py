"""The rows of a transcription, without what differs between any two runs."""

from __future__ import annotations

from pathlib import Path

from pipelines.transcripts.tables import open_tables

_COLUMNS = (
    ("all_lines", "parse_filename(page_uri), line_id, text, confidence"),
    ("all_pages", "parse_filename(page_uri), status, lines_ok, change"),
    ("all_failures", "parse_filename(uri), stage"),
)
_ACCOUNT = "pages_in, pages_ok, pages_failed, lines_in, status"


def rows_of(folder: Path, has_runs: bool = True) -> list:
    """Return the rows of all tables; without `runs` where a run was interrupted in between."""
    connection = open_tables(str(folder))
    tables = [*_COLUMNS, *[("runs", _ACCOUNT)] * has_runs]
    return [
        connection.sql(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
        for table, columns in tables
    ]
