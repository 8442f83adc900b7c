"""A plain prefix beam search, the oracle that the fast one is tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.decoding.config import BeamConfig
from model.decoding.ctc import FAINTEST, STRONGEST, Beam
from model.decoding.prefix_weights import PrefixWeights
from model.text.charset import BLANK


def prefix_beams(
    probabilities: np.ndarray, config: BeamConfig, weights: PrefixWeights
) -> list[Beam]:
    """Find the weightiest texts of a line: prefix beam search (Hannun et al. 2014).

    Of each prefix two sums over its paths are kept, of those that end in a blank and of those
    that end in its last character: only from a blank can that character be written again.

    Args:
        probabilities: float32 [time, classes].
        config: What is kept.
        weights: Language model and lexicon.

    Returns:
        The texts of the last beam, the weightiest first.
    """
    beams = {(): (1.0, 0.0)}
    for frame in probabilities:
        tried = _tried(frame, config)
        following = {
            prefix: [(blank + written) * tried.get(BLANK, 0.0), written * tried.get(last, 0.0)]
            for prefix, (blank, written) in beams.items()
            for last in prefix[-1:] or (None,)
        }
        for prefix, (blank, written) in beams.items():
            for label in (label for label in tried if label != BLANK):
                before = blank if prefix[-1:] == (label,) else blank + written
                longer = following.setdefault((*prefix, label), [0.0, 0.0])
                longer[1] += before * tried[label] * weight_of_prefix(weights, (*prefix, label))
        beams = _weightiest(following, config)
    found = [Beam(labels, sum(parts) * weights.of_end(labels)) for labels, parts in beams.items()]
    return sorted(found, key=lambda beam: beam.weight, reverse=True)


def _tried(frame: np.ndarray, config: BeamConfig) -> dict[int, float]:
    """Choose the labels of a frame that are tried, with their probabilities."""
    least = min(frame.max(), np.float32(config.least_probability))
    likeliest_first = np.argsort(-frame, kind="stable").tolist()
    tried = {label: float(frame[label]) for label in likeliest_first if frame[label] >= least}
    return {BLANK: 1.0} if list(tried) == [BLANK] else tried


def _weightiest(following: dict, config: BeamConfig) -> dict:
    """Choose the prefixes that are kept; of equal ones those that came first."""
    weights = {prefix: sum(parts) for prefix, parts in following.items()}
    best = max(weights.values())
    scale = 1.0 if FAINTEST < best < STRONGEST else best
    kept = [p for p, w in weights.items() if w > 0 and w >= best * config.least_share]
    kept = sorted(kept, key=weights.get, reverse=True)[: config.width]
    return {prefix: tuple(part / scale for part in following[prefix]) for prefix in kept}


def weight_of_prefix(weights: PrefixWeights, prefix: Sequence[int]) -> float:
    """Weigh the last character of a prefix, which has one."""
    before, label = prefix[:-1], prefix[-1]
    gain = weights._gain(weights._state(before), label)
    return gain * weights.of_closing(weights._word(before), label)
