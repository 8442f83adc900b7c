"""Whether two runs have the same rows."""

from __future__ import annotations

from pathlib import Path

from benchmarks.flink.processes import StepFailed
from pipelines.transcripts.tables import open_tables

# What two runs on the same pages have in common: neither their time nor their identifier.
_ROWS = {
    "lines": "page_uri, line_id, line_index, text, confidence",
    "pages": "page_uri, status, lines_ok, lines_failed",
    "failures": "uri, line_id, stage, error",
}


def compare(one: Path, other: Path) -> str:
    """Compare the tables of two runs.

    Args:
        one: Output of the first.
        other: Output of the second.

    Returns:
        How many rows are the same, in one line.

    Raises:
        StepFailed: If a row differs.
    """
    same = []
    for table, columns in _ROWS.items():
        left, right = (_rows(folder, table, columns) for folder in (one, other))
        for number, (row, counterpart) in enumerate(zip(left, right)):
            if row != counterpart:
                raise StepFailed(f"{table}: row {number} is {row} in one and {counterpart}")
        if len(left) != len(right):
            raise StepFailed(f"{table}: {len(left)} rows in {one}, {len(right)} in {other}")
        same.append(f"{len(left)} {table}")
    return f"the same rows: {', '.join(same)}"


def _rows(folder: Path, table: str, columns: str) -> list[tuple]:
    sql = f"SELECT {columns} FROM {table} ORDER BY ALL"
    return open_tables(str(folder)).sql(sql).fetchall()
