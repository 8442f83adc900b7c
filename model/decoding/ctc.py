"""CTC on numpy (Graves et al. 2006): the best path with confidences, and what fits one.

The beam search here is the one to read; `beam_search.py` has the one to use.
"""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple

import numpy as np

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
