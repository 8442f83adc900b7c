"""CTC on numpy (Graves et al. 2006): the best path with confidences, and what fits one.

The beam search here is the one to read; `beam_search.py` has the one to use.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from model.decoding.beam_config import BeamConfig
from model.decoding.prefix_weights import PrefixWeights
from model.text.charset import BLANK, Charset
from schemas.records import Character

MOST_ALTERNATIVES = 3
# Characters that are less probable where another was read are no alternative.
FAINTEST_ALTERNATIVE = 0.01
_probability = itemgetter(1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits [..., classes] into probabilities."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def decode_greedy(logits: np.ndarray, charset: Charset) -> tuple[str, float, tuple[Character, ...]]:
    """Read the best path.

    A character's confidence is the highest probability that its label reaches in its
    run of time steps, and its alternatives are the likeliest others in that step; the line's
    confidence is their mean. A line without characters takes the mean probability of the blank.

    Args:
        logits: float [time, classes], unnormalised.
        charset: The characters of classes 1 and up.

    Returns:
        The text, the line's confidence in 0..1, and the characters.

    Raises:
        ValueError: If a logit is not a number or classes and charset differ in count.

    Example:
        >>> logits = np.log([[.1, .8, .1], [.9, .05, .05], [.1, .1, .8]])
        >>> text, confidence, _ = decode_greedy(logits, Charset(("a", "b")))
        >>> text, round(confidence, 2)
        ('ab', 0.8)
    """
    check_logits(logits, charset)
    # From the logits: probabilities that are all but equal may round to a tie.
    path = logits.argmax(axis=-1)
    probabilities = softmax(np.asarray(logits, np.float32))
    best = probabilities.max(axis=-1)
    run_starts = np.flatnonzero(np.diff(path, prepend=-1))
    run_peaks = np.maximum.reduceat(best, run_starts)
    written = path[run_starts] != BLANK
    peaks = run_peaks[written]
    labels = path[run_starts[written]]
    text = charset.decode(labels.tolist())
    confidence = float(peaks.mean() if len(peaks) else best.mean())
    run_lengths = np.diff(run_starts, append=len(path))
    at_peak = np.flatnonzero(best == np.repeat(run_peaks, run_lengths))
    steps = at_peak[np.searchsorted(at_peak, run_starts[written])]
    others = _alternatives(probabilities[steps], labels, charset)
    characters = tuple(map(Character, text, peaks.tolist(), others))
    return text, confidence, characters


def check_logits(logits: np.ndarray, charset: Charset) -> None:
    """Refuse what no text can be read from.

    Raises:
        ValueError: If a logit is not a number or classes and charset differ in count.
    """
    if logits.shape[-1] != charset.class_count:
        raise ValueError(
            f"network has {logits.shape[-1]} outputs but the charset {charset.class_count}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("network gave logits that are not numbers")


def _alternatives(
    seen: np.ndarray, labels: np.ndarray, charset: Charset
) -> list[tuple[tuple[str, float], ...]]:
    """List what else was seen where each character was read, the likeliest first."""
    found: list[list[tuple[str, float]]] = [[] for _ in labels]
    tried = seen >= FAINTEST_ALTERNATIVE
    tried[np.arange(len(labels)), labels] = False
    places, others = np.nonzero(tried)
    for place, other, probability in zip(
        places.tolist(), others.tolist(), seen[places, others].tolist()
    ):
        text = charset.characters[other - 1] if other != BLANK else ""
        found[place].append((text, probability))
    for choices in found:
        choices.sort(key=_probability, reverse=True)
    return [tuple(choices[:MOST_ALTERNATIVES]) for choices in found]


def fits_time_steps(labels: Sequence, time_steps: int) -> bool:
    """Tell whether CTC can write the labels in so many steps.

    Each label takes a step, and two equal neighbours a blank between them.

    Example:
        >>> fits_time_steps([1, 1, 2], 3), fits_time_steps([1, 1, 2], 4)
        (False, True)
    """
    repeats = sum(a == b for a, b in pairwise(labels))
    return len(labels) + repeats <= time_steps


# Weights of a beam are scaled when the best of them leaves this range.
FAINTEST, STRONGEST = 1e-100, 1e100


class Beam(NamedTuple):
    """A text that a beam search holds.

    Attributes:
        labels: From 1, without blanks.
        weight: Of all its paths, language model and lexicon in it, up to a factor that all
            texts of a line share.
    """

    labels: tuple[int, ...]
    weight: float


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

    Example:
        >>> line = np.array([[0.4, 0.6], [0.6, 0.4]], np.float32)
        >>> config = BeamConfig(length_bonus=0.0)
        >>> beams = prefix_beams(line, config, PrefixWeights(Charset(("a",)), config))
        >>> [(beam.labels, round(beam.weight, 2)) for beam in beams]
        [((1,), 0.76), ((), 0.24)]
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
                longer[1] += before * tried[label] * weights.of_prefix((*prefix, label))
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
