"""Read Parquet, the format of Hugging Face datasets: a line image and its text in each row."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.source import Files
from pipelines.formats.tables.arrow_rows import batch_rows, find_arrow_columns
from pipelines.formats.tables.arrow_schema import UNREADABLE, why_unreadable
from pipelines.formats.tables.columns import BY_NAME, TableColumns
from pipelines.formats.tables.kraken_arrow import is_arrow, read_arrow
from pipelines.formats.tables.rows import Table, TableRow, row_page
from schemas.records import Failure, Page

_MAGIC = b"PAR1"
# Rows in memory at a time, regardless of the size of a row group.
_BATCH_ROWS = 16
_BUFFER_BYTES = 1 << 20
_HEAD_BYTES = 8
# Files of images hardly become smaller when they are packed again, other values may be bombs. A
# value that is stored once, for many rows, takes its size for each row of a batch.
_MOST_INFLATED_BYTES, _MOST_RATIO = 1 << 26, 20


def is_parquet(name: str, head: bytes) -> bool:
    """Return whether a file is Parquet.

    Args:
        name: Name of the file.
        head: Its first bytes.
    """
    return name.lower().endswith(".parquet") or head.startswith(_MAGIC)


def read_hugging_face(
    uri: str, files: Files, columns: TableColumns = BY_NAME
) -> Iterator[Page | Failure]:
    """Read the line images and texts of a Parquet file, a few rows at a time.

    The image is a binary column, a struct of `bytes` and `path` (the layout of the Image feature
    of Hugging Face's datasets), or the path of a file. The split is that of the row, or the one
    that the file is named after.

    Args:
        uri: The file; an Arrow file, as `save_to_disk` writes them, is read as one.
        files: Opens it, and finds images that it names but does not hold.
        columns: Names of columns that are not called as usual.

    Yields:
        For each row, numbered from 0, a page of one line or a failure.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is not a Parquet file, or has no columns of images and texts.
    """
    with files.open(uri) as file:
        head = file.read(_HEAD_BYTES)
        file.seek(0)
        if not is_parquet(uri, head) and is_arrow(uri, head):
            yield from read_arrow(file, uri, files, columns)
            return
        try:
            parquet = pq.ParquetFile(file, buffer_size=_BUFFER_BYTES, pre_buffer=False)
            schema = parquet.schema_arrow
            # Those that are not UTF-8 raise an error wherever they are looked at.
            for place in range(parquet.metadata.num_columns):
                parquet.schema.column(place).path  # noqa: B018
        except UNREADABLE as error:
            otherwise = "not a complete Parquet file ({error}); download it again"
            raise ValueError(f"{uri}: {why_unreadable(error, otherwise)}") from None
        try:
            found = find_arrow_columns(schema, columns)
        except ValueError as error:
            raise type(error)(f"{uri}: {error}") from None
        table = Table.open(uri, files, "hugging_face", found.split_name)
        for row in _read_rows(parquet, found, uri):
            yield row_page(row, table) if isinstance(row, TableRow) else row


def _read_rows(parquet: pq.ParquetFile, columns, uri: str) -> Iterator[TableRow | Failure]:
    """Iterate over the rows; the failure of a row group that cannot be read stands for its rest."""
    end = 0
    names = list(columns.names.values())
    for group in range(parquet.num_row_groups):
        number, end = end, end + parquet.metadata.row_group(group).num_rows
        if fault := _inflated(parquet.metadata.row_group(group), names):
            yield Failure(f"{uri}#{number}", "read", f"rows {number} to {end - 1} {fault}")
            continue
        for batch in _read_group(parquet, group, names):
            if isinstance(batch, Exception):
                rows = f"rows {number} to {end - 1} cannot be read "
                error = why_unreadable(batch, "{error}; download the file again")
                yield Failure(f"{uri}#{number}", "read", f"{rows}({error})")
                continue
            yield from batch_rows(batch, columns, uri, number)
            number += len(batch)


def _inflated(group: pq.RowGroupMetaData, names: list[str]) -> str:
    """Return why a row group is not read: it would fill the memory; empty if it would not."""
    for place in range(group.num_columns):
        column = group.column(place)
        size, packed = column.total_uncompressed_size, column.total_compressed_size
        is_read = column.path_in_schema.split(".")[0] in names
        if is_read and size > _MOST_INFLATED_BYTES and size > _MOST_RATIO * packed:
            return (
                f"unpack from {packed >> 10} KB to {size >> 20} MB; store the images as PNG or JPEG"
            )
    return ""


def _read_group(
    parquet: pq.ParquetFile, group: int, columns: list[str]
) -> Iterator[pa.RecordBatch | Exception]:
    """Yield the batches of a row group; the error that ends it early comes last."""
    batches = parquet.iter_batches(
        _BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False
    )
    while True:
        try:
            batch = next(batches, None)
        except (*UNREADABLE, MemoryError) as error:
            yield error
            return
        if batch is None:
            return
        yield batch
