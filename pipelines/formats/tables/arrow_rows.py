"""Rows of Arrow record batches, from Arrow files as well as from Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipelines.formats.tables.arrow_schema import (
    describe_columns,
    holds_images,
    holds_names,
    is_text,
)
from pipelines.formats.tables.columns import (
    EMBEDDED_COLUMNS,
    IMAGE_COLUMNS,
    ForeignTable,
    FoundColumns,
    TableColumns,
    find_columns,
)
from pipelines.formats.tables.rows import TableRow
from schemas.records import Failure

_ROLES = ("image", "text", "split", "writer", "document")


@dataclass(frozen=True)
class ArrowColumns:
    """The columns of a table that are read.

    Attributes:
        names: Name of the column of each role that the table has.
        split_name: Name of the column of splits; empty for none.
    """

    names: dict[str, str]
    split_name: str = ""


def find_arrow_columns(schema: pa.Schema, columns: TableColumns, cure: str = "") -> ArrowColumns:
    """Find the columns of a table.

    A column that holds images comes before one that names image files.

    Args:
        schema: The columns and their types.
        columns: Columns that the user names.
        cure: What else could be done about a table without the columns, for the error message.

    Raises:
        ForeignTable: If there is no column of images or none of texts.
        ValueError: If it lacks a column that the user names.
    """

    def find(image_names: tuple[str, ...], is_image) -> FoundColumns | None:
        tests = {"image": is_image, "text": is_text}

        def usable(role: str, index: int) -> bool:
            return tests.get(role, holds_names)(schema.types[index])

        return find_columns(schema.names, columns, image_names, usable)

    found = find(EMBEDDED_COLUMNS, holds_images) or find(IMAGE_COLUMNS, is_text)
    if found is None:
        raise ForeignTable(
            f"columns are {describe_columns(schema)}; {cure}name one 'image' (binary, a struct of "
            "bytes and path, or a string: the path) and one 'text' (string), or give "
            "--image_column and --text_column"
        )
    places = {role: getattr(found, role) for role in _ROLES}
    names = {role: schema.names[place] for role, place in places.items() if place is not None}
    return ArrowColumns(names, found.split_name)


def batch_rows(
    batch: pa.RecordBatch, columns: ArrowColumns, uri: str, first: int
) -> Iterator[TableRow | Failure]:
    """Iterate over the rows of a batch.

    Args:
        batch: The batch; it may have other columns, too.
        columns: The columns to read.
        uri: The table.
        first: Number of the first row.

    Yields:
        Each row, or its failure if a string in it is not UTF-8.
    """
    arrays = [batch.column(batch.schema.names.index(name)) for name in columns.names.values()]
    for number, scalars in enumerate(zip(*arrays), first):
        place = f"{uri}#{number}"
        try:
            values = [scalar.as_py() for scalar in scalars]
        except UnicodeDecodeError as error:
            fault = f"text or path is not UTF-8 ({error.reason}); write the row again"
            yield Failure(place, "read", fault)
            continue
        fields = dict(zip(columns.names, values))
        image, name = _image_and_name(fields.pop("image"))
        text = fields.pop("text")
        names = {role: _as_name(value) for role, value in fields.items()}
        yield TableRow(place, text, image, name, **names)


def _image_and_name(value: bytes | str | dict | None) -> tuple[bytes, str]:
    if isinstance(value, dict):
        path = value.get("path")
        return value["bytes"] or b"", path if isinstance(path, str) else ""
    return (b"", value) if isinstance(value, str) else (value or b"", "")


def _as_name(value: str | float | None) -> str:
    """Return a field that names something; numbers as a CSV has them.

    Example:
        >>> _as_name(3.0), _as_name(" A "), _as_name(None)
        ('3', 'A', '')
    """
    # A column of integers becomes one of floats where pandas saw a gap in it.
    is_whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if is_whole else value).strip()
