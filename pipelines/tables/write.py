"""Writing the tables: Parquet of rows that a pipeline gives, or of one row."""

from __future__ import annotations

import apache_beam as beam
import pyarrow as pa

from pipelines.files.filesystem import write_whole
from schemas.tables import TABLES


class WriteTable(beam.PTransform):
    """Write rows as one file of one of the Parquet tables.

    Args:
        output: Folder that holds the tables.
        table: Name of the table.
    """

    def __init__(self, output: str, table: str):
        super().__init__()
        self._prefix = f"{output}/{table}/{table}"
        self._schema = TABLES[table]

    def expand(self, rows):
        return rows | "Write" >> beam.io.WriteToParquet(
            self._prefix,
            schema=self._schema,
            codec="zstd",
            num_shards=1,
            file_name_suffix=".parquet",
        )


def write_one_row(path: str, table: str, row: dict) -> None:
    """Write a table of one row, outside of any pipeline; it appears whole or not at all.

    Args:
        path: The file.
        table: Name of the table.
        row: Column to value.
    """
    write_whole(path, parquet_bytes(pa.Table.from_pylist([row], schema=TABLES[table])))


def parquet_bytes(rows: pa.Table) -> bytes:
    """Make a Parquet file of rows, in memory."""
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue().to_pybytes()
