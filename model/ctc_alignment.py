"""Where in a line a text stands: the most probable CTC path that writes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.charset import BLANK

# Stands for the logarithm of 0: a path through it never wins.
_IMPOSSIBLE = -1e30


def align(labels: Sequence[int], probabilities: np.ndarray) -> list[tuple[int, int]]:
    """Find the time steps that each character takes on the text's most probable path.

    The Viterbi algorithm over the labels with blanks between them (Graves et al. 2006).

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
    states = np.full(2 * len(labels) + 1, BLANK)
    states[1::2] = labels
    skips = np.full(len(states), _IMPOSSIBLE)
    skips[3::2] = np.where(states[3::2] == states[1:-2:2], _IMPOSSIBLE, 0.0)
    tiny = np.finfo(np.float32).tiny
    seen = np.log(np.maximum(probabilities[:, states], tiny))
    # scores[t, s + 2]: the best path that is in state s after t + 1 steps.
    scores = np.full((len(seen), len(states) + 2), _IMPOSSIBLE)
    scores[0, 2:4] = seen[0, :2]
    for t in range(1, len(seen)):
        before = scores[t - 1]
        here = np.maximum(before[2:], before[1:-1])
        np.maximum(here, before[:-2] + skips, out=here)
        np.add(here, seen[t], out=scores[t, 2:])
    path = _trace_back(scores, skips)
    runs = [(path == 2 * at + 1).nonzero()[0] for at in range(len(labels))]
    if not all(len(run) for run in runs):
        raise ValueError(f"{len(labels)} characters do not fit in {len(seen)} time steps")
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def _trace_back(scores: np.ndarray, skips: np.ndarray) -> np.ndarray:
    """Follow the best path from its end: the state at each step."""
    path = np.zeros(len(scores), np.int64)
    state = scores.shape[1] - 3
    if state and scores[-1, state + 1] > scores[-1, state + 2]:
        state -= 1
    for t in range(len(scores) - 1, 0, -1):
        path[t] = state
        before = scores[t - 1]
        ways = (before[state + 2], before[state + 1], before[state] + skips[state])
        state -= ways.index(max(ways))
    path[0] = state
    return path
