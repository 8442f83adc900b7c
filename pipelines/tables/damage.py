"""The error message for a damaged Parquet file."""

from __future__ import annotations

import pyarrow as pa

from schemas.tables import TABLES


def damage_text(path: str, run_file: str, is_recorded: bool = False) -> str:
    """Return the error message for a damaged file of the tables.

    Args:
        path: The file.
        run_file: The file of `runs` that marks its run, or several, as finished.
        is_recorded: Whether its run recorded the file, so that it is missed when it is gone.
    """
    if is_recorded:
        return (
            f"{path}: Parquet file is damaged or truncated; restore it from a copy, or delete it "
            "and transcribe again, which reads its pages again"
        )
    return (
        f"{path}: Parquet file is damaged or truncated; restore it from a copy, or delete "
        f"{run_file} and transcribe again, which reads the pages of its runs again"
    )


def fits(schema: pa.Schema, table: str) -> bool:
    """Return whether a file has the columns of a table; one bit of its footer may rename them.

    Args:
        schema: Schema of the file. Columns that may be null may be missing, as they are in files
            of earlier versions.
        table: Name of the table.

    Example:
        >>> fits(pa.schema([("page_uri", pa.string())]), "pages")
        False
        >>> fits(TABLES["pages"], "pages")
        True
    """
    try:
        names = schema.names
    except UnicodeDecodeError:
        return False
    if len(set(names)) < len(names):
        return False
    kinds = dict(zip(names, schema.types))
    return all(
        _kind(kinds[field.name]) == _kind(field.type) if field.name in kinds else field.nullable
        for field in TABLES[table]
    )


def check_values(rows: pa.RecordBatch | pa.Table, table: str) -> None:
    """Check that no value is missing that a table has, and that texts are UTF-8.

    Args:
        rows: Rows of a file of the table, or some of their columns.
        table: Name of the table.

    Raises:
        pyarrow.ArrowInvalid: If not; the file is damaged, or another program wrote it.
    """
    for column, name in zip(rows.columns, rows.schema.names):
        is_known = name in TABLES[table].names
        if column.null_count and is_known and not TABLES[table].field(name).nullable:
            raise pa.ArrowInvalid(f"values of {name} are missing")
        # Else they raise an error wherever they are looked at.
        column.validate(full=True)


def _kind(kind: pa.DataType) -> str:
    """Return what values of a type are, however they are stored."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    for name in ("integer", "floating", "timestamp", "struct"):
        if getattr(pa.types, f"is_{name}")(kind):
            return name
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list of {_kind(kind.value_type)}"
    return "string" if pa.types.is_large_string(kind) else str(kind)
