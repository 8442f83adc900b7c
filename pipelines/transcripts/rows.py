"""Print the rows of a query, or save them as a file."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO

import duckdb
import pyarrow.parquet as pq

from pipelines.cli.options import UsageError
from pipelines.formats.sheets.columns import Cell
from pipelines.formats.sheets.csv_file import CsvTable, uncomputed
from pipelines.formats.sheets.xlsx import XlsxTable
from pipelines.transcripts.tables import iterate_rows

_ROWS_AT_ONCE = 10_000


def save_rows(rows: duckdb.DuckDBPyRelation, path: str) -> int:
    """Save the rows of a query as a file, which appears whole or not at all.

    Args:
        rows: Rows of a query, not yet fetched.
        path: The file, which is replaced: .parquet; or .csv or .xlsx for spreadsheet programs, with
            lists and structs as JSON and texts that are never computed.

    Returns:
        The number of rows.

    Raises:
        UsageError: If the file cannot be written, or its ending is another.
    """
    check_savable(path)
    fresh = Path(f"{path}.part")
    try:
        with fresh.open("wb") as file:
            count = SAVERS[Path(path).suffix](rows, file)
        fresh.replace(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"--save {path}: {error}") from None
    finally:
        fresh.unlink(missing_ok=True)
    return count


def check_savable(path: str) -> None:
    """Check that rows can be saved as a file with this name.

    Raises:
        UsageError: If not.
    """
    if Path(path).suffix not in SAVERS:
        raise UsageError(f"--save {path}: give a file that ends in {', '.join(SAVERS)}")
    if not Path(path).parent.is_dir():
        raise UsageError(f"--save {path}: {Path(path).parent}: no such folder; make it")


def _save_parquet(rows: duckdb.DuckDBPyRelation, file: BinaryIO) -> int:
    batches, count = rows.fetch_record_batch(_ROWS_AT_ONCE), 0
    with pq.ParquetWriter(file, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += len(batch)
    return count


def _save_sheet(kind: type[CsvTable | XlsxTable]) -> Callable:
    def save(rows: duckdb.DuckDBPyRelation, file: BinaryIO) -> int:
        table, count = kind(file, rows.columns), 0
        for row in iterate_rows(rows):
            table.add([tuple(map(_sheet_cell, row))])
            count += 1
        table.close()
        return count

    return save


SAVERS = {".parquet": _save_parquet, ".csv": _save_sheet(CsvTable), ".xlsx": _save_sheet(XlsxTable)}


def _sheet_cell(value) -> Cell:
    """Return a value as a spreadsheet program has it: a number, or a text.

    Example:
        >>> _sheet_cell(True), _sheet_cell(0.5), _sheet_cell(float("nan")), _sheet_cell([1])
        ('true', 0.5, None, '[1]')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float)):
        return value
    return value.isoformat(" ") if isinstance(value, datetime) else str(_flat(value))


def print_rows(
    names: Sequence[str],
    rows: Iterable[Sequence],
    format_name: str,
    out: TextIO,
    is_safe: bool = False,
) -> None:
    """Write rows.

    Args:
        names: Names of the columns.
        rows: The rows.
        format_name: 'table', 'csv' or 'jsonl'. Lists and structs are JSON in all of them.
        out: Stream to write to.
        is_safe: Whether texts in CSV that a spreadsheet program would compute get an apostrophe.
    """
    if format_name == "table":
        out.write(f"{_table(names, rows)}\n")
        return
    writer = csv.writer(out, lineterminator="\n")
    if format_name == "csv":
        writer.writerow(names)
    for row in rows:
        if format_name == "csv":
            cells = map(_flat, row)
            writer.writerow(map(uncomputed, cells) if is_safe else cells)
        else:
            out.write(f"{_json_text(dict(zip(names, row)))}\n")


def _table(names: Sequence[str], rows: Iterable[Sequence]) -> str:
    cells = [list(map(_cell, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in (names, ["-" * width for width in widths], *cells)
    )


def _cell(value) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(_flat(value))


def _flat(value):
    """Return a list or struct as JSON, and anything else unchanged."""
    return _json_text(value) if isinstance(value, (list, tuple, dict)) else value


def _json_text(value) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
    # JSON has no NaN and only strings as keys; DuckDB has NaN, and maps with keys of any type.
    except (TypeError, ValueError):
        return json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(element) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(_plain, value))
    return None if isinstance(value, float) and not math.isfinite(value) else value
