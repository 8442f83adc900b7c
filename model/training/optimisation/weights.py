"""The weights of a network under training: averaged, saved, put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Let the network have its averaged weights for a while (Polyak & Juditsky 1992)."""
    trained = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        assign(model.trainable_variables, trained)


def assign(variables, arrays) -> None:
    """Put arrays into variables.

    Raises:
        ValueError: If they do not fit.
    """
    if [tuple(v.shape) for v in variables] != [a.shape for a in arrays]:
        raise ValueError("the checkpoint is of another network; take it away or train that one")
    for variable, array in zip(variables, arrays):
        variable.assign(array)


def snapshot(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """Copy all that the next step depends on: weights, statistics, seeds, optimizer."""
    return {
        "model": [keras.ops.convert_to_numpy(v) for v in model.variables],
        "optimizer": [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables],
    }


def put_back(model: keras.Model, groups: dict[str, list[np.ndarray]]) -> None:
    """Undo what happened since `snapshot`.

    Raises:
        ValueError: If it was taken of another network.
    """
    assign(model.variables, groups["model"])
    assign(model.optimizer.variables, groups["optimizer"])
