"""CTC decoding in NumPy (Graves et al. 2006): the best path, with confidences and alternatives."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from model.text.bidi import logical_order, logical_text, mirrored
from model.text.charset import BLANK, Charset
from schemas.records import Character

MOST_ALTERNATIVES = 3
# A character with a lower probability is not listed as an alternative.
LEAST_ALTERNATIVE_PROBABILITY = 0.01
# The weights of a beam are rescaled when the best one leaves this range.
RESCALE_BELOW, RESCALE_ABOVE = 1e-100, 1e100
_probability = itemgetter(1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits [..., classes]."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def decode_greedy(
    logits: np.ndarray, charset: Charset, direction: str = ""
) -> tuple[str, float, tuple[Character, ...]]:
    """Return the text of the best path, with confidences.

    A character's confidence is the highest probability of its label in its run of time steps, and
    its alternatives are the most probable other labels in that step. The line's confidence is the
    mean of its characters'; for a line without characters, the mean probability of the blank.

    Args:
        logits: float [time, classes], unnormalised.
        charset: The characters of classes 1 and up.
        direction: Base direction that is known of the line; empty for none.

    Returns:
        The text in logical order, the line's confidence in 0..1, and the characters.

    Raises:
        ValueError: If a logit is not finite, or logits and charset differ in their classes.

    Example:
        >>> logits = np.log([[.1, .8, .1], [.9, .05, .05], [.1, .1, .8]])
        >>> text, confidence, _ = decode_greedy(logits, Charset(("a", "b")))
        >>> text, round(confidence, 2)
        ('ab', 0.8)
    """
    check_logits(logits, charset)
    probabilities = softmax(np.asarray(logits, np.float32))
    best = probabilities.max(axis=-1)
    path, run_starts, run_peaks, written = _runs(logits, best)
    peaks = run_peaks[written]
    labels = path[run_starts[written]]
    text = charset.decode(labels.tolist())
    confidence = float(peaks.mean() if len(peaks) else best.mean())
    run_lengths = np.diff(run_starts, append=len(path))
    at_peak = np.flatnonzero(best == np.repeat(run_peaks, run_lengths))
    steps = at_peak[np.searchsorted(at_peak, run_starts[written])]
    others = _alternatives(probabilities[steps], labels, charset)
    characters = tuple(map(Character, text, peaks.tolist(), others))
    return logical_text(text, direction), confidence, in_logical_order(characters, direction)


def best_path(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the characters of the best path as they lie on the line, from left to right.

    Args:
        logits: float [time, classes], unnormalised and finite.

    Returns:
        int64 [characters], their labels, and float32 [characters], the highest probability of
        each in its run of time steps.

    Example:
        >>> labels, peaks = best_path(np.log([[.1, .8, .1], [.9, .05, .05], [.1, .1, .8]]))
        >>> labels.tolist(), peaks.tolist()
        ([1, 2], [0.8..., 0.8...])
    """
    best = softmax(np.asarray(logits, np.float32)).max(axis=-1)
    path, run_starts, run_peaks, written = _runs(logits, best)
    return path[run_starts[written]], run_peaks[written]


def _runs(logits: np.ndarray, best: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the best path; of each run in it start and peak, and whether it is no blank."""
    # From the logits: almost equal probabilities may round to a tie.
    path = logits.argmax(axis=-1)
    run_starts = np.flatnonzero(np.diff(path, prepend=-1))
    run_peaks = np.maximum.reduceat(best, run_starts)
    return path, run_starts, run_peaks, path[run_starts] != BLANK


def in_logical_order(
    characters: tuple[Character, ...], direction: str = ""
) -> tuple[Character, ...]:
    """Return the characters of a line, which lie from left to right, in the order of its text.

    Args:
        characters: Each with one code point.
        direction: Base direction that is known of the line; empty for none.
    """
    order = logical_order("".join(character.text for character in characters), direction)
    if order is None:
        return characters
    return tuple(
        _turned(characters[place]) if is_turned else characters[place] for place, is_turned in order
    )


def _turned(character: Character) -> Character:
    others = tuple((mirrored(text), probability) for text, probability in character.alternatives)
    return replace(character, text=mirrored(character.text), alternatives=others)


def check_logits(logits: np.ndarray, charset: Charset) -> None:
    """Refuse logits that cannot be decoded.

    Raises:
        ValueError: If a logit is not finite, or logits and charset differ in their classes.
    """
    if logits.shape[-1] != charset.class_count:
        raise ValueError(
            f"network has {logits.shape[-1]} outputs but the charset {charset.class_count}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("network gave logits that are not numbers")


def _alternatives(
    probabilities: np.ndarray, labels: np.ndarray, charset: Charset
) -> list[tuple[tuple[str, float], ...]]:
    """Return the other labels in the time step of each character, most probable first."""
    found: list[list[tuple[str, float]]] = [[] for _ in labels]
    listed = probabilities >= LEAST_ALTERNATIVE_PROBABILITY
    listed[np.arange(len(labels)), labels] = False
    places, others = np.nonzero(listed)
    for place, other, probability in zip(
        places.tolist(), others.tolist(), probabilities[places, others].tolist()
    ):
        text = charset.characters[other - 1] if other != BLANK else ""
        found[place].append((text, probability))
    for choices in found:
        choices.sort(key=_probability, reverse=True)
    return [tuple(choices[:MOST_ALTERNATIVES]) for choices in found]


class Beam(NamedTuple):
    """A hypothesis of a beam search.

    Attributes:
        labels: Labels of its characters, from 1, without blanks.
        weight: Sum over its paths, with the factors of language model and lexicon, up to a factor
            that all hypotheses of a line share.
    """

    labels: tuple[int, ...]
    weight: float
