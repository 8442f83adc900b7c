"""The CTC loss as it is trained on."""

from __future__ import annotations

from keras import ops

from model.text.charset import BLANK


def ctc_loss(labels, logits):
    """Compute the CTC loss of a batch, divided by the root of the label length.

    The root keeps long lines from ruling the gradient without letting short ones do so.

    Args:
        labels: int [batch, longest label], from 1, padded with 0.
        logits: float [batch, time, classes]; every time step counts.

    Returns:
        float [batch].
    """
    # The sums of a path are too fine for bfloat16.
    logits = ops.cast(logits, "float32")
    label_lengths = ops.sum(ops.cast(ops.not_equal(labels, BLANK), "int32"), axis=1)
    time_steps = ops.full_like(label_lengths, 1) * ops.shape(logits)[1]
    losses = ops.ctc_loss(labels, logits, label_lengths, time_steps, mask_index=BLANK)
    return losses / ops.sqrt(ops.cast(ops.maximum(label_lengths, 1), losses.dtype))
