"""Lines that were found on several levels of a page: each is taken from the level that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.segmentation.baselines import FoundLine
from model.segmentation.scale import Level

# Height of writing, in pixels of the network's input, that the network sees best.
_IDEAL_HEIGHT_PX = 24.0
# Least height at which it sees writing well.
_LEAST_HEIGHT_PX = 12.0
# What a factor of e between the height of a line and the ideal takes off its probability.
_MISFIT_WEIGHT = 0.25
# Lines are left out that are less probable than this share of what is usual on their page, but none
# from the second probability on.
_USUAL_SHARE, _PROBABLE = 0.75, 0.7
# Less writing, in heights, does not tell what is usual, nor do lines that are all less probable,
# such as those of a blank page with bleed-through: then only probable lines are kept.
_LEAST_WRITING, _LEAST_USUAL = 12.0, 0.65
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

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Least and greatest x and y that the writing may reach."""
        (left, top), (right, bottom) = self.line.path.min(axis=0), self.line.path.max(axis=0)
        reach_px = self.line.height_px
        return left - reach_px, right + reach_px, top - reach_px, bottom + reach_px

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
        if replaced:
            chosen = [one for one in chosen if one not in replaced]
        chosen.append(candidate)
    return [one.line for one in chosen]


def leave_out_doubtful(lines: Sequence[FoundLine]) -> list[FoundLine]:
    """Leave out lines that are far less probable than the others of their page.

    The network is less sure of all lines of a hand that is unlike those it was trained on, so that
    no single limit suits all pages.

    Args:
        lines: The lines of a page.

    Example:
        >>> path = np.array([[0.0, 0], [90, 0]])
        >>> page = [FoundLine(path, 7.0, 3.0, probability) for probability in (0.55, 0.9, 0.92)]
        >>> [line.probability for line in leave_out_doubtful(page)]
        [0.9, 0.92]
    """
    if not lines:
        return []
    lengths = np.array([line.length_heights for line in lines])
    probabilities = np.array([line.probability for line in lines])
    usual = np.average(probabilities, weights=np.maximum(lengths, 1e-9))
    is_known = lengths.sum() >= _LEAST_WRITING and usual >= _LEAST_USUAL
    least = min(_PROBABLE, _USUAL_SHARE * usual) if is_known else _PROBABLE
    return [line for line in lines if line.probability >= least]


def coarsest_level(levels: Sequence[Level], height_px: float) -> Level:
    """Return the smallest level on which writing is still large enough to be found.

    Args:
        levels: The levels of a page, the finest first.
        height_px: Height of the writing in pixels of the page.
    """
    enough = [level for level in levels if height_px / level.scale[1] >= _LEAST_HEIGHT_PX]
    return (enough or levels[:1])[-1]


def _near(candidate: LevelLine, others: Sequence[LevelLine]) -> list[LevelLine]:
    """Return the lines whose bounding boxes meet that of a line."""
    left, right, top, bottom = candidate.bounds
    return [
        other
        for other in others
        if other.bounds[0] <= right
        and other.bounds[1] >= left
        and other.bounds[2] <= bottom
        and other.bounds[3] >= top
    ]


def _shows_same(line: FoundLine, other: FoundLine) -> np.ndarray:
    """Whether another line runs along each point of a line, bool [points]."""
    x, y = line.path.T
    across, down = other.path.T
    order = np.argsort(across)
    distance_px = np.abs(np.interp(x, across[order], down[order]) - y)
    beside = (x < across.min()) | (x > across.max())
    return ~beside & (distance_px <= _SAME_WRITING * max(line.height_px, other.height_px))
