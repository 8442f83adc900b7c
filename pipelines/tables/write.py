"""Write Parquet tables: the rows of a pipeline, or a single row."""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam
import pyarrow as pa

from pipelines.files.durable import write_durably
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
    """Write a table of one row, atomically and without a pipeline.

    Args:
        path: The file.
        table: Name of the table.
        row: Values by column.
    """
    write_rows(path, table, [row])


def write_rows(path: str, table: str, rows: Sequence[dict]) -> None:
    """Write a table of a few rows, atomically and without a pipeline.

    Args:
        path: The file.
        table: Name of the table.
        rows: Values by column; columns that were added to the schema later may be missing.
    """
    schema = TABLES[table]
    whole = [{name: row.get(name) for name in schema.names} for row in rows]
    write_durably(path, parquet_bytes(pa.Table.from_pylist(whole, schema=schema)))


def parquet_bytes(rows: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue().to_pybytes()
