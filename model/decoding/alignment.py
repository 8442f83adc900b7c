"""CTC forced alignment: the time steps of each character of a text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from model.text.charset import BLANK

# Stands for log 0: no finite path scores lower.
_IMPOSSIBLE = -1e30


def align(labels: Sequence[int], probabilities: np.ndarray) -> list[tuple[int, int]]:
    """Return the time steps of each character on the most probable path of a text.

    The Viterbi algorithm over the labels with optional blanks between them (Graves et al. 2006).
    Probabilities are taken relative to that of the blank, so that a blank step adds 0. Two equal
    neighbours get a state for the obligatory blank between them, so that every state may follow
    the one before directly.

    Args:
        labels: Labels of the text, from 1.
        probabilities: float [time, classes].

    Returns:
        (first step, step after the last) of each label.

    Raises:
        ValueError: If the text does not fit the time steps.

    Example:
        >>> align([1, 2], np.array([[.1, .9, 0], [.1, .8, .1], [.9, .1, 0], [.1, 0, .9]]))
        [(0, 2), (3, 4)]
    """
    states = [*labels[:1]]
    for before, label in pairwise(labels):
        states += [BLANK, label] if before == label else [label]
    positive = np.maximum(probabilities[:, [BLANK, *states]], np.finfo(np.float32).tiny)
    logs = np.log(positive)
    runs = _trace_back(*_forward(logs[:, 1:] - logs[:, :1]))
    if len(runs) < len(states):
        raise ValueError(f"{len(labels)} characters do not fit in {len(logs)} time steps")
    return [run for run, state in zip(runs, states) if state != BLANK]


def _forward(log_ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the best paths to each state and to the optional blank after it.

    Args:
        log_ratios: float [time, states], log probability of each state relative to the blank.

    Returns:
        Two float64 [time + 1, states + 1]: score of the best path through that many steps and
        states whose last step is in the last state; and of the best one whose last step is a
        blank.
    """
    shape = len(log_ratios) + 1, log_ratios.shape[1] + 1
    written, blank = np.full(shape, _IMPOSSIBLE), np.full(shape, _IMPOSSIBLE)
    blank[0, 0] = 0.0
    # Lists of row views: indexing the arrays in the loop would take half of the time.
    all_written, all_blank = list(written), list(blank)
    last, before = list(written[:, 1:]), list(blank[:, :-1])
    for t, adds in enumerate(log_ratios):
        np.maximum(all_blank[t], all_written[t], out=all_blank[t + 1])
        np.maximum(last[t], before[t + 1], out=last[t + 1])
        np.add(last[t + 1], adds, out=last[t + 1])
    return written, blank


def _trace_back(written: np.ndarray, blank: np.ndarray) -> list[tuple[int, int]]:
    """Return the steps of each state on the best path, traced back from its end.

    Returns:
        (first step, step after the last) of each state; empty if no path visits all states.
    """
    if max(written[-1, -1], blank[-1, -1]) <= _IMPOSSIBLE / 2:
        return []
    is_blank = blank >= written
    stays = written[:-1] >= np.roll(blank[1:], 1, axis=1)
    t, runs = len(written) - 1, []
    for state in range(written.shape[1] - 1, 0, -1):
        while is_blank[t, state]:
            t -= 1
        stop = t
        while stays[t - 1, state]:
            t -= 1
        t -= 1
        runs.append((t, stop))
    return runs[::-1]
