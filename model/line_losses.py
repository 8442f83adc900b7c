"""The loss of the line network, made for targets that are thin."""

from __future__ import annotations

from keras import ops

# Of baseline, start and end: what the channel counts, and what its ink counts more.
_SHARES = (1.0, 0.4, 0.4)
_INK_WEIGHTS = (3.0, 8.0, 8.0)
_DICE_SHARE = 0.5
_REACH_SHARE = 0.5
_SMOOTH = 10.0
_EPSILON = 1e-6


def line_loss(truth, logits):
    """Compare maps with what they should be.

    Baseline, start and end: cross-entropy in which the few places with ink weigh more, and
    a dice loss over the batch (Milletari et al. 2016), which does not mind how few they
    are. Above and below: absolute difference on the baselines only.

    Args:
        truth: float [batch, height, width, 6], the channels and the weight.
        logits: float [batch, height, width, 5].

    Returns:
        The loss of the batch.
    """
    truth, logits = (ops.convert_to_tensor(maps, "float32") for maps in (truth, logits))
    weight = truth[..., 5]
    total = 0.0
    for channel, (share, ink_weight) in enumerate(zip(_SHARES, _INK_WEIGHTS)):
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
