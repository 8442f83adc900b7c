"""A plain prefix beam search: the reference that the optimised one is tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.decoding.config import BeamConfig
from model.decoding.ctc import RESCALE_ABOVE, RESCALE_BELOW, Beam
from model.decoding.prefix_weights import PrefixWeights
from model.text.charset import BLANK


def prefix_beams(
    probabilities: np.ndarray, config: BeamConfig, weights: PrefixWeights
) -> list[Beam]:
    """Return the hypotheses of a line by prefix beam search (Hannun et al. 2014).

    Each prefix has two sums over its paths: of those that end in a blank, and of those that end in
    its last character. Only a blank can be followed by the same character again.

    Args:
        probabilities: float32 [time, classes].
        config: Beam width and pruning thresholds.
        weights: Factors of the language model and the lexicon.

    Returns:
        The hypotheses of the last beam, highest weight first.
    """
    beams = {(): (1.0, 0.0)}
    for frame in probabilities:
        candidates = _candidates(frame, config)
        following = {
            prefix: [
                (blank + written) * candidates.get(BLANK, 0.0),
                written * candidates.get(last, 0.0),
            ]
            for prefix, (blank, written) in beams.items()
            for last in prefix[-1:] or (None,)
        }
        for prefix, (blank, written) in beams.items():
            for label in (label for label in candidates if label != BLANK):
                before = blank if prefix[-1:] == (label,) else blank + written
                longer = following.setdefault((*prefix, label), [0.0, 0.0])
                longer[1] += (
                    before * candidates[label] * factor_of_last_character(weights, (*prefix, label))
                )
        beams = _kept(following, config)
    found = [
        Beam(labels, sum(parts) * weights.end_factor(labels)) for labels, parts in beams.items()
    ]
    return sorted(found, key=lambda beam: beam.weight, reverse=True)


def _candidates(frame: np.ndarray, config: BeamConfig) -> dict[int, float]:
    """Return the candidate labels of a frame with their probabilities."""
    least = min(frame.max(), np.float32(config.least_probability))
    most_probable_first = np.argsort(-frame, kind="stable").tolist()
    candidates = {
        label: float(frame[label]) for label in most_probable_first if frame[label] >= least
    }
    return {BLANK: 1.0} if list(candidates) == [BLANK] else candidates


def _kept(following: dict, config: BeamConfig) -> dict:
    """Return the prefixes of highest weight; of equal ones those that came first."""
    weights = {prefix: sum(parts) for prefix, parts in following.items()}
    best = max(weights.values())
    scale = 1.0 if RESCALE_BELOW < best < RESCALE_ABOVE else best
    kept = [p for p, w in weights.items() if w > 0 and w >= best * config.least_share]
    kept = sorted(kept, key=weights.get, reverse=True)[: config.width]
    return {prefix: tuple(part / scale for part in following[prefix]) for prefix in kept}


def factor_of_last_character(weights: PrefixWeights, prefix: Sequence[int]) -> float:
    """Return the factor of the last character of a prefix that is not empty."""
    before, label = prefix[:-1], prefix[-1]
    gain = weights._gain(weights._state(before), label)
    return gain * weights.word_end_factor(weights._word(before), label)
