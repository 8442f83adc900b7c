"""Lines that were found on several levels of a page: each is taken from the level that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.segmentation.baselines import FoundLine
from model.segmentation.scale import Level

# Height of writing, in pixels of the network's input, that the network sees best.
_IDEAL_HEIGHT_PX = 24.0
# What a factor of e between the height of a line and the ideal takes off its probability.
_MISFIT_WEIGHT = 0.25
# Baselines nearer than this share of the larger one's height show the same writing.
_SAME_WRITING = 0.4
# Share of a line that other levels have found already, from which on it is left out; and share of
# those that must lie within a longer line for it to replace them.
_KNOWN_SHARE, _REPLACED_SHARE = 0.5, 0.7


@dataclass(frozen=True, eq=False)
class LevelLine:
    """A line that was found on one level.

    Attributes:
        line: The line in pixels of the page.
        level: Number of the level.
        height_px: Height of its writing in pixels of the level.
    """

    line: FoundLine
    level: int
    height_px: float

    @property
    def fitness(self) -> float:
        """Probability of the line, less what its level does not suit its height."""
        misfit = abs(np.log(max(1e-3, self.height_px) / _IDEAL_HEIGHT_PX))
        return self.line.probability - _MISFIT_WEIGHT * float(misfit)


def choose_lines(candidates: Sequence[LevelLine]) -> list[FoundLine]:
    """Choose between lines that show the same writing on different levels.

    The fittest are taken first. A line most of which is known already is left out; one that
    contains shorter ones replaces them.

    Args:
        candidates: The lines of all levels. Those of one level never compete.

    Returns:
        The lines, the fittest first.

    Example:
        >>> def line(left, right, y, height):
        ...     path = np.array([[left, y], [right, y]], float)
        ...     return FoundLine(path, 0.7 * height, 0.3 * height, 0.9)
        >>> small, large = line(0, 400, 100, 40), line(0, 380, 110, 90)
        >>> chosen = choose_lines([LevelLine(large, 1, 14.0), LevelLine(small, 0, 25.0)])
        >>> [float(one.height_px) for one in chosen]
        [40.0]
    """
    chosen: list[LevelLine] = []
    for candidate in sorted(candidates, key=lambda one: -one.fitness):
        rivals = [one for one in _near(candidate, chosen) if one.level != candidate.level]
        known = np.zeros(len(candidate.line.path), bool)
        for rival in rivals:
            known |= _shows_same(candidate.line, rival.line)
        if known.mean() >= _KNOWN_SHARE:
            continue
        replaced = [
            rival
            for rival in rivals
            if _shows_same(rival.line, candidate.line).mean() >= _REPLACED_SHARE
        ]
        chosen = [one for one in chosen if one not in replaced]
        chosen.append(candidate)
    return [one.line for one in chosen]


def suited_level(levels: Sequence[Level], height_px: float) -> Level:
    """Return the level on which writing has the height that is seen best.

    Args:
        levels: The levels of a page.
        height_px: Height of the writing in pixels of the page.
    """
    return min(levels, key=lambda level: abs(np.log(height_px / level.scale[1] / _IDEAL_HEIGHT_PX)))


def _near(candidate: LevelLine, others: Sequence[LevelLine]) -> list[LevelLine]:
    """Return the lines whose bounding boxes meet that of a line."""
    low, high = candidate.line.path.min(axis=0), candidate.line.path.max(axis=0)
    near = []
    for other in others:
        reach_px = max(candidate.line.height_px, other.line.height_px)
        path = other.line.path
        if (path.max(axis=0) >= low - reach_px).all() and (
            path.min(axis=0) <= high + reach_px
        ).all():
            near.append(other)
    return near


def _shows_same(line: FoundLine, other: FoundLine) -> np.ndarray:
    """Whether another line runs along each point of a line, bool [points]."""
    x, y = line.path.T
    across, down = other.path.T
    order = np.argsort(across)
    distance_px = np.abs(np.interp(x, across[order], down[order]) - y)
    beside = (x < across.min()) | (x > across.max())
    return ~beside & (distance_px <= _SAME_WRITING * max(line.height_px, other.height_px))
