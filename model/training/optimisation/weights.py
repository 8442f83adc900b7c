"""The weights of a network under training: averaged, saved, put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import keras
import numpy as np

from model.training.config import TrainingConfig
from model.training.losses import ctc_loss

_AUXILIARY_WEIGHT = 0.3


class OptimizerSettings(Protocol):
    """What the configuration of any training says of its optimizer."""

    learning_rate: float
    weight_decay: float
    clip_norm: float
    averaged_share: float


def compile_crnn(model: keras.Model, config: TrainingConfig, step_count: int) -> None:
    """Give the network its optimizer and its two CTC losses.

    Args:
        model: What `build_crnn` gave.
        config: The run.
        step_count: Steps of the whole run, about; the weights are averaged over a share.
    """
    # Widths differ from batch to batch: compiling each with XLA costs more than it gives.
    model.compile(
        optimizer=build_optimizer(model, config, step_count, beta_2=0.99),
        loss=[ctc_loss, ctc_loss],
        loss_weights=[1.0, _AUXILIARY_WEIGHT],
        jit_compile=False,
    )


def build_optimizer(
    model: keras.Model, config: OptimizerSettings, step_count: int, beta_2: float = 0.999
) -> keras.optimizers.Optimizer:
    """Build AdamW with averaged weights and decay on matrices only.

    Args:
        model: The network.
        config: The run.
        step_count: Steps of the whole run, about; the weights are averaged over a share.
        beta_2: How slowly the second moment forgets.

    Returns:
        The optimizer, with all its variables.
    """
    optimizer = keras.optimizers.AdamW(
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        beta_2=beta_2,
        global_clipnorm=config.clip_norm,
        use_ema=True,
        ema_momentum=1 - 1 / max(2.0, config.averaged_share * step_count),
    )
    optimizer.exclude_from_weight_decay(
        var_list=[v for v in model.trainable_variables if len(v.shape) < 2]
    )
    optimizer.build(model.trainable_variables)
    return optimizer


def train_on_batch(model: keras.Model, inputs, targets) -> float:
    """Train on one batch; give the mean loss of that batch alone."""
    # Some versions of Keras give the mean since the last reset.
    model.reset_metrics()
    return float(model.train_on_batch(inputs, targets, return_dict=True)["loss"])


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
