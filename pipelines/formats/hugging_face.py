"""Read Hugging Face datasets in Parquet: a line image and its text in each row."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.arrow_schema import (
    UNREADABLE,
    describe_columns,
    fields_of,
    is_bytes,
    is_text,
)
from pipelines.formats.line_tables import (
    TEXT_COLUMNS,
    embedded_page,
    find_column,
    find_image,
    named_split,
)
from pipelines.formats.source import Files
from schemas.records import Failure, Line, Page

_MAGIC = b"PAR1"
# Rows in memory at a time, regardless of the size of a row group.
_BATCH_ROWS = 16
_BUFFER_BYTES = 1 << 20


def is_parquet(name: str, head: bytes) -> bool:
    """Return whether a file is Parquet.

    Args:
        name: Name of the file.
        head: Its first bytes.
    """
    return name.lower().endswith(".parquet") or head.startswith(_MAGIC)


def read_hugging_face(uri: str, files: Files) -> Iterator[Page | Failure]:
    """Read the line images and texts of a Parquet file, a few rows at a time.

    The image is a binary column, or a struct of `bytes` and `path` (the layout of the
    Image feature of Hugging Face's datasets). The split is the one named in the
    file name.

    Args:
        uri: The file.
        files: Opens it, and finds images that it names but does not hold.

    Yields:
        For each row, numbered from 0, a page of one line or a failure.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is not a Parquet file, or has no columns of images and texts.
    """
    with files.open(uri) as file:
        try:
            table = pq.ParquetFile(file, buffer_size=_BUFFER_BYTES, pre_buffer=False)
            schema = table.schema_arrow
        except UNREADABLE as error:
            raise ValueError(
                f"{uri}: not a complete Parquet file ({error}); download it again"
            ) from None
        columns = _columns(schema, uri)
        split = named_split(uri)
        end = 0
        for group in range(table.num_row_groups):
            start, end = end, end + table.metadata.row_group(group).num_rows
            for number, row in enumerate(_read_group(table, group, columns), start):
                if isinstance(row, str):
                    rows = f"rows {number} to {end - 1}"
                    error = f"{rows} cannot be read ({row}); download the file again"
                    yield Failure(f"{uri}#{number}", "read", error)
                else:
                    yield _page(row, f"{uri}#{number}", split, uri, files)


def _columns(schema: pa.Schema, uri: str) -> list[str]:
    image = find_column(
        [field.name if _holds_images(field.type) else "" for field in schema],
        ("image", "img", "im", "line_image"),
    )
    text = find_column(
        [field.name if _holds_text(field.type) else "" for field in schema],
        TEXT_COLUMNS,
    )
    if image is None or text is None:
        raise ValueError(
            f"{uri}: columns are {describe_columns(schema)}; name one 'image' (binary, or a "
            "struct of bytes and path) and one 'text' (string)"
        )
    return [schema.names[image], schema.names[text]]


def _holds_images(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        parts = fields_of(kind)
        return "bytes" in parts and _holds_images(parts["bytes"])
    return is_bytes(kind)


def _holds_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return is_text(kind)


def _read_group(
    table: pq.ParquetFile, group: int, columns: list[str]
) -> Iterator[tuple[pa.Scalar, pa.Scalar] | str]:
    """Yield the images and texts of a row group; the error that ends it early comes last."""
    batches = table.iter_batches(
        _BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False
    )
    while True:
        try:
            batch = next(batches, None)
        except UNREADABLE as error:
            yield str(error)
            return
        if batch is None:
            return
        yield from zip(*(batch.column(batch.schema.names.index(name)) for name in columns))


def _page(
    row: tuple[pa.Scalar, pa.Scalar], place: str, split: str, uri: str, files: Files
) -> Page | Failure:
    try:
        image, text = (value.as_py() for value in row)
    except UnicodeDecodeError as error:
        fault = f"text or path is not UTF-8 ({error.reason}); write the row again"
        return Failure(place, "read", fault)
    data, path = image, None
    if isinstance(image, dict):
        data, path = image["bytes"], image.get("path")
    if data or not isinstance(path, str) or text is None:
        return embedded_page(place, data, text, "hugging_face", split)
    return _page_of_file(path, text, place, split, uri, files)


def _page_of_file(
    path: str, text: str, place: str, split: str, uri: str, files: Files
) -> Page | Failure:
    try:
        image_uri = find_image(uri, path, files)
    except ValueError as error:
        return Failure(place, "read", str(error))
    if image_uri is None:
        error = f"row names the image {path!r}, which is not beside the file; put it there"
        return Failure(place, "pair", error)
    return Page(image_uri, (Line("line", 0, text),), source="hugging_face", split=split)
