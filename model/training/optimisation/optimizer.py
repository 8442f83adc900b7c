"""The optimizer of every training loop, and one training step."""

from __future__ import annotations

from typing import Protocol

import keras


class OptimizerSettings(Protocol):
    """The settings of the optimizer in a training configuration."""

    learning_rate: float
    weight_decay: float
    clip_norm: float
    averaged_share: float


def build_optimizer(
    model: keras.Model, config: OptimizerSettings, step_count: int, beta_2: float = 0.999
) -> keras.optimizers.Optimizer:
    """Build AdamW with averaged weights and weight decay on matrices only.

    Args:
        model: Network to train.
        config: Settings of the optimizer.
        step_count: Approximate number of steps of the whole run; the moving average of the
            weights covers a share of it.
        beta_2: Decay rate of the second moment estimate.

    Returns:
        The optimizer, with its variables built.
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
    """Train on one batch and return the mean loss of that batch alone."""
    # Some versions of Keras return the mean loss since the last reset.
    model.reset_metrics()
    return float(model.train_on_batch(inputs, targets, return_dict=True)["loss"])
