"""CTC on numpy (Graves et al. 2006): the best path with confidences, and what fits one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from model.charset import BLANK, Charset
from schemas.records import Character


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits [..., classes] into probabilities."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def decode_greedy(logits: np.ndarray, charset: Charset) -> tuple[str, float, tuple[Character, ...]]:
    """Read the best path.

    A character's confidence is the highest probability that its label reaches in its
    run of time steps; the line's is their mean. A line without characters takes the
    mean probability of the blank.

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
    if logits.shape[-1] != charset.class_count:
        raise ValueError(
            f"network has {logits.shape[-1]} outputs but the charset {charset.class_count}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("network gave logits that are not numbers")
    # From the logits: probabilities that are all but equal may round to a tie.
    path = logits.argmax(axis=-1)
    probabilities = softmax(np.asarray(logits, np.float32))
    best = probabilities.max(axis=-1)
    run_starts = np.flatnonzero(np.diff(path, prepend=-1))
    run_peaks = np.maximum.reduceat(best, run_starts)
    written = path[run_starts] != BLANK
    peaks = run_peaks[written]
    text = charset.decode(path[run_starts][written])
    confidence = float(peaks.mean() if len(peaks) else best.mean())
    characters = tuple(Character(c, float(p)) for c, p in zip(text, peaks))
    return text, confidence, characters


def fits_time_steps(labels: Sequence, time_steps: int) -> bool:
    """Tell whether CTC can write the labels in so many steps.

    Each label takes a step, and two equal neighbours a blank between them.

    Example:
        >>> fits_time_steps([1, 1, 2], 3), fits_time_steps([1, 1, 2], 4)
        (False, True)
    """
    repeats = sum(a == b for a, b in pairwise(labels))
    return len(labels) + repeats <= time_steps
