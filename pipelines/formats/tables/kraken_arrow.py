"""Read Arrow files: datasets of kraken (`ketos compile`), and tables of images and texts.

The layout of kraken's is that of kraken/lib/arrow_dataset.py: a column `lines` of structs with
`text` and `im` (the bytes of an image file), a flag for each split, and a JSON object about the
dataset in the schema's metadata under `lines`. Tested on files written by kraken 7.1. Other tables
have the columns that CSV and Parquet have; `save_to_disk` of Hugging Face's datasets writes such
ones, as Arrow streams.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from pipelines.formats.source import Files
from pipelines.formats.tables.arrow_rows import batch_rows, find_arrow_columns
from pipelines.formats.tables.arrow_schema import (
    UNREADABLE,
    fields_of,
    is_bytes,
    is_text,
    why_unreadable,
)
from pipelines.formats.tables.columns import BY_NAME, TableColumns
from pipelines.formats.tables.rows import Table, TableRow, row_page
from schemas.records import Failure, Page

_MAGIC = b"ARROW1"
# How each message of a stream begins, and how a stream ends.
_STREAM_MARK = b"\xff\xff\xff\xff"
_STREAM_END = _STREAM_MARK + bytes(4)
_TYPE_PREFIX = "kraken_recognition"
# Kind of lines that kraken cut out along their polygons, with black around them.
CUT_OUT = "baseline"
_FLAGS = ("train", "validation", "test")
_FLAG_COLUMNS = "train, validation, test"

Rows = Callable[[pa.RecordBatch, int], Iterator[TableRow | Failure]]


def is_arrow(name: str, head: bytes) -> bool:
    """Return whether a file is Arrow.

    Args:
        name: Name of the file.
        head: Its first bytes.
    """
    return name.lower().endswith(".arrow") or head.startswith(_MAGIC)


def read_kraken_arrow(
    uri: str, files: Files, columns: TableColumns = BY_NAME
) -> Iterator[Page | Failure]:
    """Read the line images and texts of an Arrow file, one record batch at a time.

    Args:
        uri: The file; kraken writes batches of about a hundred lines.
        files: Opens it, and finds images that it names but does not hold.
        columns: Names of columns that are not called as usual.

    Yields:
        For each row a page of one line or a failure; rows are numbered from 0 over the batches
        that can be read. The kind of kraken's lines is that of the dataset: 'baseline' or 'bbox'.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is not an Arrow file of lines.
    """
    with files.open(uri) as file:
        yield from read_arrow(file, uri, files, columns)


def read_arrow(
    file: BinaryIO, uri: str, files: Files, columns: TableColumns
) -> Iterator[Page | Failure]:
    """Read an Arrow file that is open, as `read_kraken_arrow` does."""
    batches = _batches(file, uri)
    schema = next(batches)
    if _holds_kraken_lines(schema):
        kind = _kind_of_lines(schema, uri)
        table = Table(uri, files, "kraken_arrow", split_column=_FLAG_COLUMNS)

        def rows(batch, first):
            return _kraken_rows(batch, kind, uri, first)
    else:
        try:
            found = find_arrow_columns(schema, columns, "compile it with ketos compile, or ")
        except ValueError as error:
            raise type(error)(f"{uri}: {error}") from None
        table = Table.open(uri, files, "hugging_face", found.split_name)

        def rows(batch, first):
            return batch_rows(batch, found, uri, first)

    number = 0
    for index, batch in enumerate(batches):
        try:
            if isinstance(batch, Exception):
                raise batch
            batch.validate()
            read = list(rows(batch, number))
        except UNREADABLE as error:
            otherwise = "record batch {index} cannot be read ({{error}}); write the file again"
            fault = why_unreadable(error, otherwise.format(index=index))
            yield Failure(f"{uri}#batch_{index}", "read", fault)
            continue
        for row in read:
            yield row_page(row, table) if isinstance(row, TableRow) else row
        number += len(read)


def _batches(file: BinaryIO, uri: str) -> Iterator[pa.Schema | pa.RecordBatch | Exception]:
    """Yield the schema, then each batch, or the error of one that cannot be read.

    Raises:
        ValueError: If it is no Arrow file.
    """
    is_stream = file.read(len(_STREAM_MARK)) == _STREAM_MARK
    file.seek(0)
    try:
        reader = pa.ipc.open_stream(file) if is_stream else pa.ipc.open_file(file)
        yield reader.schema
    except UNREADABLE as error:
        otherwise = "not a complete Arrow file ({error}); write it again"
        raise ValueError(f"{uri}: {why_unreadable(error, otherwise)}") from None
    if is_stream:
        yield from _stream_batches(reader, file)
        return
    for index in range(reader.num_record_batches):
        try:
            yield reader.get_batch(index)
        except UNREADABLE as error:
            yield error


def _stream_batches(reader, file: BinaryIO) -> Iterator[pa.RecordBatch | Exception]:
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        except UNREADABLE as error:
            # What comes after it cannot be found.
            yield error
            return
        yield batch
    file.seek(-len(_STREAM_END), 2)
    if file.read() != _STREAM_END:
        yield OSError("the stream has no end mark, so batches may be missing")


def _holds_kraken_lines(schema: pa.Schema) -> bool:
    has_lines = "lines" in schema.names
    parts = fields_of(schema.types[schema.names.index("lines")]) if has_lines else {}
    return is_text(parts.get("text", pa.null())) and is_bytes(parts.get("im", pa.null()))


def _kind_of_lines(schema: pa.Schema, uri: str) -> str:
    """Return the kind of the lines of a kraken dataset; empty where unknown."""
    kind = _dataset_type(schema.metadata or {})
    if not kind.startswith(_TYPE_PREFIX):
        raise ValueError(f"{uri}: holds {kind[:60]!r}, not lines; compile it with ketos compile")
    return kind[len(_TYPE_PREFIX) :].lstrip("_")


def _dataset_type(metadata: dict[bytes, bytes]) -> str:
    try:
        return str(json.loads(metadata[b"lines"])["type"])
    except KeyError:
        # Other writers omit the type, and nothing here depends on it.
        return _TYPE_PREFIX
    except (ValueError, TypeError, RecursionError):
        return "metadata that is not a JSON object"


def _kraken_rows(
    batch: pa.RecordBatch, kind: str, uri: str, first: int
) -> Iterator[TableRow | Failure]:
    """Iterate over the rows of a batch of a kraken dataset.

    Raises:
        pa.ArrowInvalid: If offsets point outside of its buffers.
    """
    lines = batch.column(batch.schema.names.index("lines"))
    parts = dict(zip((lines.type[i].name for i in range(lines.type.num_fields)), lines.flatten()))
    text, image = parts["text"], parts["im"]
    # As bytes, so that a text that is not UTF-8 fails only its own row.
    as_bytes = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}.get(text.type)
    text = text.view(as_bytes) if as_bytes else text
    for column in (text, image):
        column.validate(full=True)
    flags = _flagged_splits(batch)
    for number, values in enumerate(zip(image, text), first):
        data, label = (value.as_py() for value in values)
        place, named = f"{uri}#{number}", flags[number - first]
        if len(named) > 1:
            error = f"row is in {' and '.join(sorted(named))}; compile it into one"
            yield Failure(place, "read", error)
            continue
        try:
            label = label.decode() if isinstance(label, bytes) else label
        except UnicodeDecodeError as error:
            fault = f"text is not UTF-8 ({error.reason}); compile it again"
            yield Failure(place, "read", fault)
            continue
        yield TableRow(place, label, data or b"", split="".join(named), kind=kind)


def _flagged_splits(batch: pa.RecordBatch) -> list[list[str]]:
    flags: list[list[str]] = [[] for _ in range(len(batch))]
    for name in set(_FLAGS) & set(batch.schema.names):
        for row, flag in zip(flags, batch.column(batch.schema.names.index(name))):
            row += [name] if flag.as_py() is True else []
    return flags
