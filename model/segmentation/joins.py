"""Pieces of baselines: cut between columns, joined across gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from model.segmentation.runs import true_runs

# Sum of squared deviations of x, in squared pixels, at which a slope is damped to a half.
_SLOPE_DAMPING = 50.0


@dataclass(frozen=True)
class JoinConfig:
    """When pieces are one line. Lengths are in heights of the writing.

    Attributes:
        widest_gap: Widest gap between pieces of a line.
        most_offset: Greatest offset of a piece from the extrapolation of the other.
        least_mark: Least probability of a start or an end.
        gutter: Widest distance from an end to the start that follows it in one piece.
        course: Length at the end of a piece from which it is extrapolated.
        column_edge: Greatest distance between the starts of the lines of a column, across.
        column_rows: Least and greatest distance of the starts that are compared, up or down.
        column_starts: How many of them confirm a start inside a piece.
        least_note: Least length of the piece before that start.
        least_rest: Least length of the piece after it.
        most_different: Greatest ratio between the heights of pieces of a line.
    """

    widest_gap: float = 2.5
    most_offset: float = 0.3
    least_mark: float = 0.8
    gutter: float = 2.0
    course: float = 3.0
    column_edge: float = 0.8
    column_rows: tuple[float, float] = (0.5, 1.6)
    column_starts: int = 2
    least_note: float = 1.8
    least_rest: float = 0.6
    most_different: float = 1.8


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of baseline.

    Attributes:
        points: float [n, 2], x rising.
        probability: float [n], probability of a baseline at each point.
        start: float [n], probability that a line begins there.
        end: float [n], probability that a line ends there.
        reach: float [n, 2], how far the writing there reaches above and below.
    """

    points: np.ndarray
    probability: np.ndarray
    start: np.ndarray
    end: np.ndarray
    reach: np.ndarray

    @cached_property
    def height_px(self) -> float:
        """Height of the writing: the unit of all limits."""
        return max(1.0, float(self.reach.sum()) / len(self.reach))

    def part(self, first: int, last: int) -> Piece:
        """Return the part from point `first` up to and excluding point `last`."""
        return Piece(
            self.points[first:last],
            self.probability[first:last],
            self.start[first:last],
            self.end[first:last],
            self.reach[first:last],
        )


def cut_pieces(pieces: Sequence[Piece], config: JoinConfig) -> list[Piece]:
    """Cut pieces where one line ends and the next begins, as at the gutter of columns.

    Where only the start of the next is detected, as after a note in the margin, lines above
    and below must begin there too.

    Args:
        pieces: The pieces.
        config: The limits.

    Returns:
        The pieces; at least as many.
    """
    parts = [part for piece in pieces for part in _cut(piece, config)]
    begun = [_begins(part, config) for part in parts]
    starts = np.array([part.points[0] for part, begins in zip(parts, begun) if begins]).reshape(
        -1, 2
    )
    return [
        one
        for part, begins in zip(parts, begun)
        for one in (_cut_at_edge(part, starts, config) if begins else [part])
    ]


def _cut_at_edge(piece: Piece, starts: np.ndarray, config: JoinConfig) -> list[Piece]:
    """Cut a note in the margin off a line of text that begins at the edge of its column."""
    x, height_px = piece.points[:, 0], piece.height_px
    least, most = config.column_rows
    for place in _peaks(piece.start, config.least_mark):
        before, after = (x[place] - x[0]) / height_px, (x[-1] - x[place]) / height_px
        if before < config.least_note or after < config.least_rest:
            continue
        across, down = np.abs(starts - piece.points[place]).T / height_px
        aligned = (across < config.column_edge) & (down > least) & (down < most)
        if aligned.sum() >= config.column_starts:
            return [piece.part(0, int(place)), piece.part(int(place), len(x))]
    return [piece]


def _mark_width(piece: Piece) -> int:
    """Return how many points at the end of a piece may carry its mark."""
    return max(3, int(0.5 * piece.height_px))


def _begins(piece: Piece, config: JoinConfig) -> bool:
    return bool(piece.start[: _mark_width(piece)].max() >= config.least_mark)


def _ends(piece: Piece, config: JoinConfig) -> bool:
    return bool(piece.end[-_mark_width(piece) :].max() >= config.least_mark)


def _cut(piece: Piece, config: JoinConfig) -> list[Piece]:
    ends, starts = (_peaks(mark, config.least_mark) for mark in (piece.end, piece.start))
    parts, first = [], 0
    for end in ends:
        # Marks are as wide as strokes, so that a start may come slightly before the end.
        x = piece.points[:, 0]
        near = (x[starts] > x[end] - 0.3 * piece.height_px) & (
            x[starts] - x[end] < config.gutter * piece.height_px
        )
        if not near.any() or end <= first:
            continue
        start = int(starts[near][0])
        parts.append(piece.part(first, min(end, start) + 1))
        first = max(end, start)
    parts.append(piece.part(first, len(piece.points)))
    return [part for part in parts if len(part.points) >= 2]


def _peaks(mark: np.ndarray, least: float) -> np.ndarray:
    """Return the middle of each run of marked points."""
    return (true_runs(mark >= least).sum(axis=1) - 1) // 2


def join_pieces(pieces: Sequence[Piece], config: JoinConfig) -> list[Piece]:
    """Join pieces that are one line with gaps, the nearest first.

    Args:
        pieces: The pieces.
        config: The limits.

    Returns:
        The pieces; at most as many.
    """
    if len(pieces) < 2:
        return list(pieces)
    follower = _followers(pieces, config)
    leaders = set(follower.values())
    joined = []
    for first in range(len(pieces)):
        if first in leaders:
            continue
        chain = [first]
        while chain[-1] in follower:
            chain.append(follower[chain[-1]])
        parts = [pieces[i] for i in chain]
        joined.append(
            Piece(
                *(
                    np.concatenate([getattr(part, name) for part in parts])
                    for name in (field.name for field in fields(Piece))
                )
            )
        )
    return joined


def _followers(pieces: Sequence[Piece], config: JoinConfig) -> dict[int, int]:
    """Choose the piece that continues each piece, if there is one."""
    follower: dict[int, int] = {}
    taken: set[int] = set()
    for _, tail, head in sorted(_candidates(pieces, config)):
        if tail not in follower and head not in taken:
            follower[tail] = head
            taken.add(head)
    return follower


def _candidates(pieces: Sequence[Piece], config: JoinConfig) -> list[tuple[float, int, int]]:
    """Return the pairs that may be joined: (cost, piece before, piece after)."""
    heads = np.array([piece.points[0] for piece in pieces])
    tails = np.array([piece.points[-1] for piece in pieces])
    heights = np.array([piece.height_px for piece in pieces])
    reaches = config.course * heights
    head_slopes = np.array(
        [
            _slope(piece.points, piece.points[:, 0] <= head + reach)
            for piece, head, reach in zip(pieces, heads[:, 0], reaches)
        ]
    )
    tail_slopes = np.array(
        [
            _slope(piece.points, piece.points[:, 0] >= tail - reach)
            for piece, tail, reach in zip(pieces, tails[:, 0], reaches)
        ]
    )
    ended = np.array([_ends(piece, config) for piece in pieces])
    begun = np.array([_begins(piece, config) for piece in pieces])
    # Only the heads within the widest gap after each tail, found by bisection.
    order = np.argsort(heads[:, 0])
    low = np.searchsorted(heads[order, 0], tails[:, 0], side="right")
    farthest = tails[:, 0] + config.widest_gap * heights
    high = np.searchsorted(heads[order, 0], farthest, side="right")
    candidates = []
    for tail in range(len(pieces)):
        near = order[low[tail] : high[tail]]
        gap = heads[near] - tails[tail]
        # Extrapolated from either side, because one of the pieces may be short.
        miss = np.minimum(
            np.abs(gap[:, 1] - tail_slopes[tail] * gap[:, 0]),
            np.abs(gap[:, 1] - head_slopes[near] * gap[:, 0]),
        )
        smaller = np.minimum(heights[near], heights[tail])
        alike = np.maximum(heights[near], heights[tail]) <= config.most_different * smaller
        # One mark is enough to separate pieces: often only one of end and start is detected.
        fits = (miss <= config.most_offset * smaller) & alike & ~(ended[tail] | begun[near])
        costs = gap[fits, 0] + 4 * miss[fits]
        candidates += [(float(cost), tail, int(head)) for cost, head in zip(costs, near[fits])]
    return candidates


def _slope(points: np.ndarray, part: np.ndarray) -> float:
    """Estimate dy/dx of a part, damped towards level if the part is short."""
    across = points[part, 0] - points[part, 0].mean()
    spread = float((across**2).sum())
    return float((across * points[part, 1]).sum() / (spread + _SLOPE_DAMPING))
