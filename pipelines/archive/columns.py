"""Columns of Arrow tables, and positions of keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def positions(keys: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return the positions of keys among sorted keys; -1 for those that are not there.

    Example:
        >>> positions(np.array([5, 6]), np.array([1, 5])).tolist()
        [1, -1]
    """
    if not len(among):
        return np.full(len(keys), -1)
    found = np.searchsorted(among, keys)
    found[found == len(among)] = 0
    return np.where(among[found] == keys, found, -1)


def run_numbers(values: pa.Array, run_ids: Sequence[str]) -> np.ndarray:
    """Return the numbers of runs, from 1; 0 for null and for a run that is not among them."""
    places = pc.index_in(values, value_set=pa.array(run_ids, pa.string()))
    return np.asarray(pc.fill_null(pc.add(places, 1), 0))


def column(rows: pa.RecordBatch | pa.Table, name: str) -> pa.Array | pa.ChunkedArray:
    """Return a column by its name."""
    return rows.column(rows.schema.get_field_index(name))


def is_in(values: pa.Array | pa.ChunkedArray, *wanted: str) -> np.ndarray:
    """Return whether each value is one of some."""
    return np.asarray(pc.is_in(values, value_set=pa.array(wanted)))
