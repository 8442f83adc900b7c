"""The weights of a network under training: averaged, saved, put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from model.losses import ctc_loss
from model.training_config import TrainingConfig

_AUXILIARY_WEIGHT = 0.3


def compile_crnn(model: keras.Model, config: TrainingConfig, step_count: int) -> None:
    """Give the network its optimizer and its two CTC losses.

    Args:
        model: What `build_crnn` gave.
        config: The run.
        step_count: Steps of the whole run, about; the weights are averaged over a share.
    """
    optimizer = keras.optimizers.AdamW(
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        beta_1=0.9,
        beta_2=0.99,
        global_clipnorm=config.clip_norm,
        use_ema=True,
        ema_momentum=1 - 1 / max(2.0, config.averaged_share * step_count),
    )
    optimizer.exclude_from_weight_decay(
        var_list=[v for v in model.trainable_variables if len(v.shape) < 2]
    )
    # Widths differ from batch to batch: compiling each with XLA costs more than it gives.
    model.compile(
        optimizer=optimizer,
        loss=[ctc_loss, ctc_loss],
        loss_weights=[1.0, _AUXILIARY_WEIGHT],
        jit_compile=False,
    )
    optimizer.build(model.trainable_variables)


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
