"""The table of failures of an export, written as they come."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.tables.rows import failure_row
from schemas.records import Failure
from schemas.tables import TABLES

_ROWS_AT_A_TIME = 10_000


class FailureTable:
    """A table that is open for writing.

    Args:
        output: Folder that holds the tables.
    """

    def __init__(self, output: str):
        self._path = f"{output}/failures/failures.parquet"
        self._rows: list[dict] = []

    def __enter__(self) -> FailureTable:
        self._file = FileSystems.create(self._path)
        self._writer = pq.ParquetWriter(self._file, TABLES["failures"], compression="zstd")
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        self._file.close()

    def extend(self, failures: Iterable[Failure]) -> None:
        """Add rows."""
        self._rows += map(failure_row, failures)
        if len(self._rows) >= _ROWS_AT_A_TIME:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=TABLES["failures"]))
        self._rows = []
