"""From rows to columns of Arrow.

`pyarrow.Table.from_pylist` keeps the items of a dictionary for each column of structs at each
call (seen in 10.0.1): a kilobyte a page, for good. Here structs are put together from columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain

import pyarrow as pa


def table_of(rows: Sequence[dict], schema: pa.Schema) -> pa.Table:
    """Make a table of rows.

    Args:
        rows: Column to value; every column of the schema, dictionaries for structs.
        schema: Of the table.

    Returns:
        What `pyarrow.Table.from_pylist` gives.

    Example:
        >>> point = pa.struct([("x", pa.float32()), ("y", pa.float32())])
        >>> schema = pa.schema([("line", pa.list_(point))])
        >>> table_of([{"line": [{"x": 1, "y": 2}]}, {"line": []}], schema).to_pylist()
        [{'line': [{'x': 1.0, 'y': 2.0}]}, {'line': []}]
    """
    columns = [_array([row[field.name] for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _array(values: Sequence, kind: pa.DataType) -> pa.Array:
    if pa.types.is_struct(kind):
        parts = [_array([value[field.name] for value in values], field.type) for field in kind]
        return pa.StructArray.from_arrays(parts, fields=list(kind))
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        ends = accumulate(map(len, values), initial=0)
        inner = _array(list(chain.from_iterable(values)), kind.value_type)
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), inner).cast(kind)
    return pa.array(values, kind)
