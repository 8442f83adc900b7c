"""From maps of baselines to baselines: ridges are followed, cut and joined.

A ridge is a place more likely than those above and below it. Each links to at most one
ridge in the next column and at most one in the last, so that lines that touch stay two.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from model.geometry.polylines import arc_lengths, resample, smooth
from model.segmentation.joins import JoinConfig, Piece, cut_pieces, join_pieces
from model.segmentation.maps import LineMaps

# In pixels of the maps.
_ALONG_PX, _ACROSS_PX = 1.5, 0.8
_LEAST_PIECE_PX = 3
# More ridges than on any page of writing; the likeliest are followed.
_MOST_RIDGES = 400_000


@dataclass(frozen=True)
class VectorConfig:
    """Set the limits of what becomes a line.

    Attributes:
        least_chance: Where a baseline may run.
        least_mean_chance: Of a whole line.
        least_length_pitches: Shortest line.
        least_marked_pitches: Shortest line of which both ends are seen, as of a page number.
        reach_share: Share that is given of the reach that is seen: the recogniser reads lines
            better that are cut a little closely.
        smooth_pitches: Stretch of baseline that is averaged over.
        points_per_pitch: Of a baseline.
        joins: When pieces are one line.
    """

    least_chance: float = 0.25
    least_mean_chance: float = 0.5
    least_length_pitches: float = 0.9
    least_marked_pitches: float = 0.2
    reach_share: float = 0.95
    smooth_pitches: float = 0.8
    points_per_pitch: float = 1.0
    joins: JoinConfig = field(default_factory=JoinConfig)


@dataclass(frozen=True, eq=False)
class FoundLine:
    """A line on the maps, in their pixels.

    Attributes:
        path: float [n, 2], its baseline from left to right.
        above_px: Reach above.
        below_px: Reach below.
        chance: Mean chance that it is one.
    """

    path: np.ndarray
    above_px: float
    below_px: float
    chance: float


def find_baselines(
    maps: LineMaps, pitch_px: float, config: VectorConfig = VectorConfig()
) -> list[FoundLine]:
    """Find the lines on the maps of a page.

    Args:
        maps: What the network says.
        pitch_px: Line pitch in pixels of the maps.
        config: The limits.

    Returns:
        The lines, in no order.
    """
    spread = {"sigmaX": _ALONG_PX, "sigmaY": _ACROSS_PX}
    chance = cv2.GaussianBlur(np.ascontiguousarray(maps.baseline), (0, 0), **spread)
    pieces = _trace(chance, maps, config.least_chance)
    pieces = cut_pieces(pieces, pitch_px, config.joins)
    lines = []
    for piece in join_pieces(pieces, pitch_px, config.joins):
        length_px = piece.points[-1, 0] - piece.points[0, 0]
        marked = min(piece.start.max(), piece.end.max()) >= config.joins.least_mark
        least_pitches = config.least_marked_pitches if marked else config.least_length_pitches
        if length_px < least_pitches * pitch_px:
            continue
        if piece.chance.mean() >= config.least_mean_chance:
            lines.append(_settle(piece, maps, pitch_px, config))
    return lines


def _trace(chance: np.ndarray, maps: LineMaps, least_chance: float) -> list[Piece]:
    """Follow the ridges from column to column."""
    above, below = np.zeros_like(chance), np.zeros_like(chance)
    above[1:], below[:-1] = chance[:-1], chance[1:]
    is_ridge = (chance > least_chance) & (chance >= above) & (chance > below)
    rows, columns = np.nonzero(is_ridge)
    if len(rows) > _MOST_RIDGES:
        likeliest = np.sort(np.argsort(-chance[rows, columns])[:_MOST_RIDGES])
        rows, columns = rows[likeliest], columns[likeliest]
    if not len(rows):
        return []
    labels = _chain(rows, columns, chance)
    here, up, down = chance[rows, columns], above[rows, columns], below[rows, columns]
    # The top of the parabola through three chances.
    bend = np.maximum(2 * here - up - down, 1e-6)
    exact = rows + np.clip(0.5 * (down - up) / bend, -0.5, 0.5)
    near = np.ones((5, 5), np.uint8)
    marks = [cv2.dilate(np.ascontiguousarray(mark), near) for mark in (maps.start, maps.end)]
    order = np.lexsort((columns, labels))
    breaks = np.flatnonzero(np.diff(labels[order])) + 1
    points = np.stack([columns, exact], axis=1)
    return [
        Piece(
            points[at], here[at], marks[0][rows[at], columns[at]], marks[1][rows[at], columns[at]]
        )
        for at in np.split(order, breaks)
        if len(at) >= _LEAST_PIECE_PX
    ]


def _chain(rows: np.ndarray, columns: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Number the chains of ridges: int [n], one number for each place."""
    index = np.full((chance.shape[0] + 2, chance.shape[1] + 2), -1, np.int32)
    index[rows + 1, columns + 1] = np.arange(len(rows))
    following, leading = (_likeliest(index, rows, columns + 1 + step, chance) for step in (1, -1))
    places = np.arange(len(rows))
    # Each place points to the one before it, if both chose each other; else to itself.
    mutual = (leading >= 0) & (following[leading] == places)
    first = np.where(mutual, leading, places)
    while (first != first[first]).any():
        first = first[first]
    return first


def _likeliest(
    index: np.ndarray, rows: np.ndarray, columns: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Find the likeliest ridge in a column of the framed index, a row up or down at most."""
    near = np.stack([index[rows + 1 + step, columns] for step in (0, -1, 1)])
    framed = np.pad(chance, 1, constant_values=-1.0)
    chances = np.stack([framed[rows + 1 + step, columns] for step in (0, -1, 1)])
    chances[near < 0] = -1
    return np.take_along_axis(near, np.argmax(chances, axis=0)[None], axis=0)[0]


def _settle(piece: Piece, maps: LineMaps, pitch_px: float, config: VectorConfig) -> FoundLine:
    """Smooth a baseline, thin its points, and measure its reach."""
    length_px = arc_lengths(piece.points)[-1]
    even = resample(piece.points, np.linspace(0, length_px, max(3, int(length_px) + 1)))
    even = smooth(even, int(config.smooth_pitches * pitch_px))
    count = max(2, round(config.points_per_pitch * length_px / pitch_px) + 1)
    rows, columns = (
        np.clip(np.round(piece.points[:, axis]).astype(int), 0, maps.above.shape[1 - axis] - 1)
        for axis in (1, 0)
    )
    return FoundLine(
        resample(even, np.linspace(0, arc_lengths(even)[-1], count)),
        config.reach_share * float(np.median(maps.above[rows, columns])),
        config.reach_share * float(np.median(maps.below[rows, columns])),
        float(piece.chance.mean()),
    )
