"""Write a table of lines as CSV that spreadsheet programs open rightly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from pipelines.formats.sheets.columns import COLUMNS, Cell

# Without it Excel takes UTF-8 for the encoding of the machine.
_BYTE_ORDER_MARK = "\ufeff"
# Excel would compute what begins with one of these.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class CsvTable:
    """A CSV file that is being written.

    Args:
        file: The file to write to, empty.
        columns: Names of the columns.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str] = COLUMNS):
        self._file = file
        self._write([tuple(columns)], _BYTE_ORDER_MARK)

    def add(self, rows: Iterable[tuple[Cell, ...]]) -> None:
        """Write rows; a text that Excel would compute has an apostrophe before it."""
        self._write(tuple(map(uncomputed, row)) for row in rows)

    def close(self) -> None:
        """End the table; nothing is left to write."""

    def _write(self, rows: Iterable[tuple[Cell, ...]], head: str = "") -> None:
        out = io.StringIO(head, newline="")
        out.seek(len(head))
        csv.writer(out).writerows(rows)
        self._file.write(out.getvalue().encode("utf-8", "replace"))


def uncomputed(value: Cell) -> Cell:
    """Return a value that no program computes.

    Example:
        >>> uncomputed("- Bonjour"), uncomputed("le"), uncomputed(-1)
        ("'- Bonjour", 'le', -1)
    """
    is_formula = isinstance(value, str) and value.startswith(_FORMULA_STARTS)
    return f"'{value}" if is_formula else value
