"""The optimizer of every training, and one step of it."""

from __future__ import annotations

from typing import Protocol

import keras


class OptimizerSettings(Protocol):
    """What the configuration of any training says of its optimizer."""

    learning_rate: float
    weight_decay: float
    clip_norm: float
    averaged_share: float


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
