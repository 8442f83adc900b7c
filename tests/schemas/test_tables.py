"""The schemas of the Parquet tables."""

import pytest

from schemas.tables import SCHEMA_VERSION, TABLES


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_documented_and_the_version_is_stored(name):
    schema = TABLES[name]
    assert all(field.metadata[b"doc"] for field in schema)
    assert schema.metadata == {b"quire.schema_version": SCHEMA_VERSION.encode()}


def test_pixels_carry_their_unit():
    assert {"width_px", "height_px"} <= set(TABLES["pages"].names)
