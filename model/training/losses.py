"""The CTC loss that the recogniser is trained on."""

from __future__ import annotations

import keras
from keras import ops

from model.text.charset import BLANK
from model.training.config import TrainingConfig
from model.training.optimisation.optimizer import build_optimizer

_AUXILIARY_WEIGHT = 0.3


def ctc_loss(labels, logits):
    """Compute the CTC loss of a batch, divided by the root of the label length.

    With the root, neither long nor short lines dominate the gradient.

    Args:
        labels: int [batch, longest label], from 1, padded with 0.
        logits: float [batch, time, classes]; all time steps are used.

    Returns:
        float [batch].
    """
    # bfloat16 is not precise enough for the sums over paths.
    logits = ops.cast(logits, "float32")
    label_lengths = ops.sum(ops.cast(ops.not_equal(labels, BLANK), "int32"), axis=1)
    time_steps = ops.full_like(label_lengths, 1) * ops.shape(logits)[1]
    losses = ops.ctc_loss(labels, logits, label_lengths, time_steps, mask_index=BLANK)
    return losses / ops.sqrt(ops.cast(ops.maximum(label_lengths, 1), losses.dtype))


def compile_crnn(model: keras.Model, config: TrainingConfig, step_count: int) -> None:
    """Compile the network with its optimizer and its two CTC losses.

    Args:
        model: Network from `build_crnn`.
        config: Configuration of the run.
        step_count: Approximate number of steps of the whole run; the moving average of the
            weights depends on it.
    """
    # Widths differ from batch to batch: compiling each shape with XLA costs more than it saves.
    model.compile(
        optimizer=build_optimizer(model, config, step_count, beta_2=0.99),
        loss=[ctc_loss, ctc_loss],
        loss_weights=[1.0, _AUXILIARY_WEIGHT],
        jit_compile=False,
    )
