"""The weights of a network in training: averaged, copied, restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Use the averaged weights of a network inside a context (Polyak & Juditsky 1992)."""
    trained = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        assign(model.trainable_variables, trained)


def assign(variables, arrays) -> None:
    """Assign arrays to variables.

    Raises:
        ValueError: If their shapes differ.
    """
    if [tuple(v.shape) for v in variables] != [a.shape for a in arrays]:
        raise ValueError("the checkpoint is of another network; delete it or train that network")
    for variable, array in zip(variables, arrays):
        variable.assign(array)


def snapshot(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """Copy all state that a step depends on: weights, statistics, seeds, optimizer."""
    return {
        "model": [keras.ops.convert_to_numpy(v) for v in model.variables],
        "optimizer": [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables],
    }


def restore(model: keras.Model, groups: dict[str, list[np.ndarray]]) -> None:
    """Restore the state that `snapshot` copied.

    Raises:
        ValueError: If the snapshot is of another network.
    """
    assign(model.variables, groups["model"])
    assign(model.optimizer.variables, groups["optimizer"])
