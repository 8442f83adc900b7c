"""Columns of Arrow and Parquet files: what type they have, and how errors list them."""

from __future__ import annotations

import pyarrow as pa

import schemas.tables  # noqa: F401 - switches off types that run code

# What pyarrow raises for a file that is no such file, or is damaged.
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)
_LISTED_COLUMNS = 20
_LISTED_TYPE_CHARACTERS = 60
# In messages about what a file may hold but this version of pyarrow does not know.
_UNKNOWN = ("unrecognized type", "not yet implemented", "not implemented", "unsupported", "unknown")


def _has_type(kind: pa.DataType, *names: str) -> bool:
    # Views came with later versions of pyarrow.
    tests = (getattr(pa.types, f"is_{name}", None) for name in names)
    return any(test(kind) for test in tests if test)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds strings, which may be encoded by a dictionary."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _has_type(kind, "string", "large_string", "string_view")


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether a column holds bytes."""
    return _has_type(kind, "binary", "large_binary", "binary_view")


def holds_images(kind: pa.DataType) -> bool:
    """Return whether a column holds images: bytes, or structs of `bytes` and `path`.

    The struct is the layout of the Image feature of Hugging Face's datasets.
    """
    if pa.types.is_struct(kind):
        parts = fields_of(kind)
        return "bytes" in parts and is_bytes(parts["bytes"])
    return is_bytes(kind)


def holds_names(kind: pa.DataType) -> bool:
    """Return whether a column can name splits, writers or documents: by strings or by numbers."""
    return is_text(kind) or _has_type(kind, "integer", "floating")


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


def why_unreadable(error: Exception, otherwise: str) -> str:
    """Return what is wrong with a file that pyarrow refuses, and the cure.

    Args:
        error: What pyarrow raised.
        otherwise: What is wrong and the cure if the file is damaged, with `{error}` in it.

    Example:
        >>> why_unreadable(OSError("EOF"), "not a complete file ({error}); download it again")
        'not a complete file (EOF); download it again'
    """
    # pyarrow names places in its own source on further lines.
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, NotImplementedError) or any(part in reason.lower() for part in _UNKNOWN):
        return (
            f"pyarrow {pa.__version__} cannot read one of its types or encodings ({reason}); "
            "write the table again with columns of plain string and binary instead of views, and "
            "Parquet of version 1.0 (in DuckDB PARQUET_VERSION V1), or install a newer pyarrow"
        )
    return otherwise.format(error=reason)
