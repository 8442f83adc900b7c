"""Columns of Arrow and Parquet files: what type they have, and how errors list them."""

from __future__ import annotations

import pyarrow as pa

# What pyarrow raises for a file that is no such file, or is damaged.
UNREADABLE = (pa.ArrowException, OSError)
_LISTED_COLUMNS = 20
_LISTED_TYPE_CHARACTERS = 60


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds strings."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether a column holds bytes."""
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def fields_of(kind: pa.DataType) -> dict[str, pa.DataType]:
    """Return the types of the fields of a struct by their names; empty for another type.

    Example:
        >>> fields_of(pa.struct({"bytes": pa.binary()}))
        {'bytes': DataType(binary)}
    """
    if not pa.types.is_struct(kind):
        return {}
    return {kind[i].name: kind[i].type for i in range(kind.num_fields)}


def describe_columns(schema: pa.Schema) -> str:
    """List the first columns with their types, for an error message.

    Example:
        >>> describe_columns(pa.schema({"image": pa.binary(), "text": pa.string()}))
        'image (binary), text (string)'
    """
    return ", ".join(
        f"{field.name} ({str(field.type)[:_LISTED_TYPE_CHARACTERS]})"
        for field in list(schema)[:_LISTED_COLUMNS]
    )
