"""The loss of the line network, suited to thin targets."""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

# Weights of positive pixels in the channels baseline, start and end.
_POSITIVE_WEIGHTS = (3.0, 8.0, 8.0)
_DICE_SHARE = 0.5
_REACH_SHARE = 0.5
_SMOOTH = 10.0
_EPSILON = 1e-6


def build_line_loss(mark_share: float) -> Callable:
    """Return the loss function as Keras calls it.

    Args:
        mark_share: Weight of starts and of ends, relative to baselines.

    Returns:
        `line_loss` as a function of truth and logits.
    """

    def loss(truth, logits):
        return line_loss(truth, logits, mark_share)

    return loss


def line_loss(truth, logits, mark_share: float):
    """Compute the loss of predicted maps.

    Baseline, start and end: cross-entropy with a higher weight of the few positive pixels, and
    a dice loss over the batch (Milletari et al. 2016), which does not depend on how few they
    are. Above and below: absolute difference on the baselines only.

    Args:
        truth: float [batch, height, width, 6], the target channels and the weight of each pixel.
        logits: float [batch, height, width, 5].
        mark_share: Weight of starts and of ends, relative to baselines.

    Returns:
        The scalar loss of the batch.
    """
    truth, logits = (ops.convert_to_tensor(maps, "float32") for maps in (truth, logits))
    weight = truth[..., 5]
    total, shares = 0.0, (1.0, mark_share, mark_share)
    for channel, (share, positive_weight) in enumerate(zip(shares, _POSITIVE_WEIGHTS)):
        target, logit = truth[..., channel], logits[..., channel]
        entropy = ops.relu(logit) - logit * target + ops.log1p(ops.exp(-ops.abs(logit)))
        weights = weight * (1 + (positive_weight - 1) * target)
        entropy = ops.sum(entropy * weights) / (ops.sum(weight) + 1)
        probability = ops.sigmoid(logit) * weight
        overlap = 2 * ops.sum(probability * target) + _SMOOTH
        dice = 1 - overlap / (ops.sum(probability) + ops.sum(target * weight) + _SMOOTH)
        total = total + share * (entropy + _DICE_SHARE * dice)
    on_line = weight * ops.cast(truth[..., 0] > 0.5, "float32")
    error = ops.abs(ops.softplus(logits[..., 3:5]) - truth[..., 3:5])
    reach = ops.sum(error * on_line[..., None]) / (2 * ops.sum(on_line) + 1)
    return total + _REACH_SHARE * reach
