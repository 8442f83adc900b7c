"""Conversion of rows to Arrow tables."""

import gc

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tables.rows import table_of
from schemas.tables import TABLES


def values_of(kind):
    if pa.types.is_struct(kind):
        return st.fixed_dictionaries({field.name: values_of(field.type) for field in kind})
    if pa.types.is_list(kind):
        return st.lists(values_of(kind.value_type), max_size=3)
    if pa.types.is_string(kind):
        return st.text(max_size=3)
    if pa.types.is_floating(kind):
        return st.floats(0, 1, width=32)
    if pa.types.is_integer(kind):
        return st.integers(0, 100)
    return st.none()


@pytest.mark.parametrize("name", ["lines", "pages", "failures"])
@given(data=st.data())
def test_tables_are_the_same_as_those_of_from_pylist(name, data):
    schema = TABLES[name]
    row = st.fixed_dictionaries({field.name: values_of(field.type) for field in schema})
    rows = data.draw(st.lists(row, max_size=3))
    table = table_of(rows, schema)
    assert table.equals(pa.Table.from_pylist(rows, schema=schema))
    assert table.schema.equals(schema, check_metadata=True)
    table.validate(full=True)


def test_no_objects_are_kept():
    schema = pa.schema([("points", pa.list_(pa.struct([("x", pa.float32())])))])

    def lists_after(calls):
        for _ in range(calls):
            table_of([{"points": [{"x": 1.0}]}], schema)
        gc.collect()
        return sum(type(thing) is list for thing in gc.get_objects())

    before = lists_after(10)
    assert lists_after(500) < before + 100
