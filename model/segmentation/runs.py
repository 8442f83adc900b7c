"""Runs of true values."""

from __future__ import annotations

import numpy as np


def true_runs(mask: np.ndarray) -> np.ndarray:
    """Return the runs of true values: int [runs, 2], the first of each and the one after its last.

    Args:
        mask: bool [n].

    Example:
        >>> true_runs(np.array([True, False, True, True])).tolist()
        [[0, 1], [2, 4]]
    """
    edges = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    return np.flatnonzero(edges).reshape(-1, 2)
