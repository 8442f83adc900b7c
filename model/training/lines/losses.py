"""The loss of the line network, made for targets that are thin."""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

# Of baseline, start and end: what the channel's ink counts more.
_INK_WEIGHTS = (3.0, 8.0, 8.0)
_DICE_SHARE = 0.5
_REACH_SHARE = 0.5
_SMOOTH = 10.0
_EPSILON = 1e-6


def build_line_loss(mark_share: float) -> Callable:
    """Build the loss.

    Args:
        mark_share: What starts and ends count, each, beside baselines.

    Returns:
        `line_loss` with that share, of two arguments, as Keras wants it.
    """

    def loss(truth, logits):
        return line_loss(truth, logits, mark_share)

    return loss


def line_loss(truth, logits, mark_share: float):
    """Compare maps with what they should be.

    Baseline, start and end: cross-entropy in which the few places with ink weigh more, and
    a dice loss over the batch (Milletari et al. 2016), which does not mind how few they
    are. Above and below: absolute difference on the baselines only.

    Args:
        truth: float [batch, height, width, 6], the channels and the weight.
        logits: float [batch, height, width, 5].
        mark_share: What starts and ends count, each, beside baselines.

    Returns:
        The loss of the batch.
    """
    truth, logits = (ops.convert_to_tensor(maps, "float32") for maps in (truth, logits))
    weight = truth[..., 5]
    total, shares = 0.0, (1.0, mark_share, mark_share)
    for channel, (share, ink_weight) in enumerate(zip(shares, _INK_WEIGHTS)):
        wanted, logit = truth[..., channel], logits[..., channel]
        entropy = ops.relu(logit) - logit * wanted + ops.log1p(ops.exp(-ops.abs(logit)))
        weights = weight * (1 + (ink_weight - 1) * wanted)
        entropy = ops.sum(entropy * weights) / (ops.sum(weight) + 1)
        chance = ops.sigmoid(logit) * weight
        both = 2 * ops.sum(chance * wanted) + _SMOOTH
        dice = 1 - both / (ops.sum(chance) + ops.sum(wanted * weight) + _SMOOTH)
        total = total + share * (entropy + _DICE_SHARE * dice)
    on_line = weight * ops.cast(truth[..., 0] > 0.5, "float32")
    apart = ops.abs(ops.softplus(logits[..., 3:5]) - truth[..., 3:5])
    reach = ops.sum(apart * on_line[..., None]) / (2 * ops.sum(on_line) + 1)
    return total + _REACH_SHARE * reach
