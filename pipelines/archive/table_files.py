"""Write large Parquet files incrementally."""

from __future__ import annotations

import posixpath

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.archive.folder import Archive
from pipelines.buckets.store import is_bucket
from pipelines.files.durable import rename_durably
from pipelines.tables.runs import RunStart
from schemas.tables import TABLES

# Size in memory. A query reads or skips a whole row group.
_ROW_GROUP_BYTES = 64 << 20
_FILE_BYTES = 1 << 30
# A table of a few rows takes many times their bytes until it is joined with others.
_MOST_WAITING = 256
# pyarrow 13 and later write an index of the pages inside a row group.
_INDEX = {"write_page_index": True} if int(pa.__version__.split(".")[0]) >= 13 else {}


class TableFiles:
    """The files of one table that a run writes.

    Args:
        archive: The folder.
        run: The run.
        table: Name of the table.

    Attributes:
        row_count: Number of rows written.
    """

    def __init__(self, archive: Archive, run: RunStart, table: str):
        self._archive, self._run, self._table = archive, run, table
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = self._file_bytes = self._number = self.row_count = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> TableFiles:
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            self._write_group()
            # Readers expect a file of every table, even if it is empty.
            if not self.row_count and not self._archive.has_files(self._table):
                self._open()
        self._close(is_whole=kind is None)

    def open_empty(self) -> None:
        """Write a file even if it gets no rows."""
        self._open()

    def add(self, rows: pa.Table) -> None:
        """Add rows."""
        if not rows.num_rows:
            return
        self._waiting.append(rows)
        self._waiting_bytes += rows.nbytes
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting = [pa.concat_tables(self._waiting).combine_chunks()]
        if self._waiting_bytes >= _ROW_GROUP_BYTES:
            self._write_group()
        if self._file_bytes >= _FILE_BYTES:
            self._close()

    def _write_group(self) -> None:
        rows = pa.concat_tables([TABLES[self._table].empty_table(), *self._waiting])
        if rows.num_rows:
            if self._writer is None:
                self._open()
            self._writer.write_table(rows, row_group_size=rows.num_rows)
        self.row_count += rows.num_rows
        self._file_bytes += self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0

    def _open(self) -> None:
        run = self._run
        self._path = self._archive.table_file(self._table, run.collection, run.run_id, self._number)
        self._file = FileSystems.create(_unfinished(self._path))
        self._writer = pq.ParquetWriter(
            self._file, TABLES[self._table], compression="zstd", **_INDEX
        )
        self._number += 1

    def _close(self, is_whole: bool = True) -> None:
        if self._writer is not None:
            self._writer.close()
            self._file.close()
            if is_whole and not is_bucket(self._path):
                rename_durably(_unfinished(self._path), self._path)
        self._writer, self._file_bytes = None, 0


def _unfinished(path: str) -> str:
    """Return the name of a file while it is written, which readers of the folder leave out.

    In a bucket there is nothing to rename, and files of a run do not count until it is finished.
    """
    if is_bucket(path):
        return path
    folder, name = posixpath.split(path)
    return f"{folder}/.{name}.part"
