"""Where in a line a text stands: the most probable CTC path that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from model.text.charset import BLANK

# Stands for the logarithm of 0: a path through it never wins.
_IMPOSSIBLE = -1e30


def align(labels: Sequence[int], probabilities: np.ndarray) -> list[tuple[int, int]]:
    """Find the time steps that each character takes on the text's most probable path.

    The Viterbi algorithm over the labels with blanks between them (Graves et al. 2006). All
    is told as a ratio to the blank, so that staying in a blank costs nothing; and between two
    equal labels stands a blank of its own, so that every label may follow the one before.

    Args:
        labels: Of the text, from 1.
        probabilities: float [time, classes].

    Returns:
        First step and the step after the last, of each label.

    Raises:
        ValueError: If the text does not fit the time steps.

    Example:
        >>> align([1, 2], np.array([[.1, .9, 0], [.1, .8, .1], [.9, .1, 0], [.1, 0, .9]]))
        [(0, 2), (3, 4)]
    """
    states = [*labels[:1]]
    for before, label in pairwise(labels):
        states += [BLANK, label] if before == label else [label]
    shown = np.maximum(probabilities[:, [BLANK, *states]], np.finfo(np.float32).tiny)
    logs = np.log(shown)
    runs = _trace_back(*_forward(logs[:, 1:] - logs[:, :1]))
    if len(runs) < len(states):
        raise ValueError(f"{len(labels)} characters do not fit in {len(logs)} time steps")
    return [run for run, state in zip(runs, states) if state != BLANK]


def _forward(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weigh the best path to each state and to the blank behind it.

    Args:
        seen: float [time, states], what a step in each state adds.

    Returns:
        float64 [time + 1, states + 1], by steps and states gone through: of the paths whose last
        step is in the last of these states, and of those whose last step is in a blank.
    """
    shape = len(seen) + 1, seen.shape[1] + 1
    written, blank = np.full(shape, _IMPOSSIBLE), np.full(shape, _IMPOSSIBLE)
    blank[0, 0] = 0.0
    # Lists of the rows: half of the time would go into naming them.
    all_written, all_blank = list(written), list(blank)
    last, before = list(written[:, 1:]), list(blank[:, :-1])
    for t, adds in enumerate(seen):
        np.maximum(all_blank[t], all_written[t], out=all_blank[t + 1])
        np.maximum(last[t], before[t + 1], out=last[t + 1])
        np.add(last[t + 1], adds, out=last[t + 1])
    return written, blank


def _trace_back(written: np.ndarray, blank: np.ndarray) -> list[tuple[int, int]]:
    """Follow the best path from its end.

    Returns:
        First step and the step after the last, of each state; none if no path has them all.
    """
    if max(written[-1, -1], blank[-1, -1]) <= _IMPOSSIBLE / 2:
        return []
    rests = blank >= written
    goes_on = written[:-1] >= np.roll(blank[1:], 1, axis=1)
    t, runs = len(written) - 1, []
    for state in range(written.shape[1] - 1, 0, -1):
        while rests[t, state]:
            t -= 1
        stop = t
        while goes_on[t - 1, state]:
            t -= 1
        t -= 1
        runs.append((t, stop))
    return runs[::-1]
