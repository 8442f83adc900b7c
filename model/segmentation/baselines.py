"""From maps to baselines: ridges of the baseline map are traced, cut and joined.

A ridge is a pixel with a higher probability than those above and below it. Each links to at most
one ridge in the next column and at most one in the previous, so that touching lines stay separate.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from model.geometry.polylines import arc_lengths, resample, smooth
from model.segmentation.joins import JoinConfig, Piece, cut_pieces, join_pieces
from model.segmentation.maps import LineMaps

# Blur of the baseline map, and shortest piece, in pixels of the maps.
_ALONG_PX, _ACROSS_PX = 1.5, 0.8
_LEAST_PIECE_PX = 3
# More ridges than on any page of writing; of more, the most probable are traced.
_MOST_RIDGES = 400_000


@dataclass(frozen=True)
class VectorConfig:
    """Limits for what becomes a line.

    Attributes:
        least_probability: Least probability of a pixel of a baseline.
        least_mean_probability: Least mean probability of a line.
        least_length: Least length of a line, in heights of its writing.
        least_marked_length: The same of a line whose start and end are both detected, such as a
            page number.
        reach_share: Share of the predicted reach that is returned: the recogniser reads lines
            better if they are cut out a little tighter.
        smoothed: Length of baseline that is averaged over, in heights.
        points_per_height: Number of points of a baseline.
        joins: When pieces are one line.
    """

    least_probability: float = 0.25
    least_mean_probability: float = 0.5
    least_length: float = 0.9
    least_marked_length: float = 0.2
    reach_share: float = 0.95
    smoothed: float = 0.8
    points_per_height: float = 1.0
    joins: JoinConfig = field(default_factory=JoinConfig)


@dataclass(frozen=True, eq=False)
class FoundLine:
    """A line that was found, in pixels of the maps or of the page.

    Attributes:
        path: float [n, 2], its baseline from left to right.
        above_px: Reach above the baseline.
        below_px: Reach below the baseline.
        probability: Mean probability of the baseline.
        ink_variation: How much the ink varies from column to column, see `measure_ink_variation`;
            1 before it was measured.
    """

    path: np.ndarray
    above_px: float
    below_px: float
    probability: float
    ink_variation: float = 1.0

    @property
    def height_px(self) -> float:
        """Reach above and below the baseline together."""
        return self.above_px + self.below_px

    @property
    def length_px(self) -> float:
        """Distance between the ends of the baseline."""
        return float(np.hypot(*(self.path[-1] - self.path[0])))

    @property
    def length_heights(self) -> float:
        """Distance between the ends, in heights of the writing."""
        return self.length_px / self.height_px

    def scaled(self, scale: np.ndarray) -> FoundLine:
        """Return the line in pixels of a larger or smaller image.

        Args:
            scale: float [2], pixels of that image per pixel of this one, across and down.
        """
        # Coordinates refer to the centres of pixels.
        return replace(
            self,
            path=(self.path + 0.5) * scale - 0.5,
            above_px=self.above_px * scale[1],
            below_px=self.below_px * scale[1],
        )


def find_baselines(maps: LineMaps, config: VectorConfig = VectorConfig()) -> list[FoundLine]:
    """Find the lines on the maps of a page.

    Args:
        maps: The output of the network.
        config: The limits.

    Returns:
        The lines, in no particular order.
    """
    sigmas = {"sigmaX": _ALONG_PX, "sigmaY": _ACROSS_PX}
    probability = cv2.GaussianBlur(np.ascontiguousarray(maps.baseline), (0, 0), **sigmas)
    pieces = cut_pieces(_trace(probability, maps, config.least_probability), config.joins)
    lines = []
    for piece in join_pieces(pieces, config.joins):
        length_px = piece.points[-1, 0] - piece.points[0, 0]
        marked = min(piece.start.max(), piece.end.max()) >= config.joins.least_mark
        least_length = config.least_marked_length if marked else config.least_length
        if length_px < least_length * piece.height_px:
            continue
        if piece.probability.mean() >= config.least_mean_probability:
            lines.append(_to_line(piece, config))
    return lines


def _trace(probability: np.ndarray, maps: LineMaps, least_probability: float) -> list[Piece]:
    """Trace the ridges from column to column."""
    above, below = np.zeros_like(probability), np.zeros_like(probability)
    above[1:], below[:-1] = probability[:-1], probability[1:]
    is_ridge = (probability > least_probability) & (probability >= above) & (probability > below)
    rows, columns = np.nonzero(is_ridge)
    if len(rows) > _MOST_RIDGES:
        most_probable = np.sort(np.argsort(-probability[rows, columns])[:_MOST_RIDGES])
        rows, columns = rows[most_probable], columns[most_probable]
    if not len(rows):
        return []
    labels = _chain(rows, columns, probability)
    here, up, down = probability[rows, columns], above[rows, columns], below[rows, columns]
    # The vertex of the parabola through three probabilities.
    curvature = np.maximum(2 * here - up - down, 1e-6)
    exact = rows + np.clip(0.5 * (down - up) / curvature, -0.5, 0.5)
    window = np.ones((5, 5), np.uint8)
    marks = [cv2.dilate(np.ascontiguousarray(mark), window) for mark in (maps.start, maps.end)]
    reach = np.stack([maps.above[rows, columns], maps.below[rows, columns]], axis=1)
    order = np.lexsort((columns, labels))
    breaks = np.flatnonzero(np.diff(labels[order])) + 1
    points = np.stack([columns, exact], axis=1)
    return [
        Piece(
            points[at],
            here[at],
            marks[0][rows[at], columns[at]],
            marks[1][rows[at], columns[at]],
            reach[at],
        )
        for at in np.split(order, breaks)
        if len(at) >= _LEAST_PIECE_PX
    ]


def _chain(rows: np.ndarray, columns: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Label the chains of ridges: int [n], one label for each ridge."""
    index = np.full((probability.shape[0] + 2, probability.shape[1] + 2), -1, np.int32)
    index[rows + 1, columns + 1] = np.arange(len(rows))
    following, leading = (
        _most_probable(index, rows, columns + 1 + step, probability) for step in (1, -1)
    )
    ridges = np.arange(len(rows))
    # Each ridge points to the previous one if both chose each other, else to itself.
    mutual = (leading >= 0) & (following[leading] == ridges)
    first = np.where(mutual, leading, ridges)
    while (first != first[first]).any():
        first = first[first]
    return first


def _most_probable(
    index: np.ndarray, rows: np.ndarray, columns: np.ndarray, probability: np.ndarray
) -> np.ndarray:
    """Find the most probable ridge in a column of the padded index, at most one row up or down."""
    near = np.stack([index[rows + 1 + step, columns] for step in (0, -1, 1)])
    padded = np.pad(probability, 1, constant_values=-1.0)
    probabilities = np.stack([padded[rows + 1 + step, columns] for step in (0, -1, 1)])
    probabilities[near < 0] = -1
    return np.take_along_axis(near, np.argmax(probabilities, axis=0)[None], axis=0)[0]


def _to_line(piece: Piece, config: VectorConfig) -> FoundLine:
    """Turn a piece into a line: smooth it and thin out its points."""
    length_px, height_px = arc_lengths(piece.points)[-1], piece.height_px
    even = resample(piece.points, np.linspace(0, length_px, max(3, int(length_px) + 1)))
    even = smooth(even, int(config.smoothed * height_px))
    count = max(2, round(config.points_per_height * length_px / height_px) + 1)
    above_px, below_px = config.reach_share * np.median(piece.reach, axis=0)
    return FoundLine(
        resample(even, np.linspace(0, arc_lengths(even)[-1], count)),
        float(above_px),
        float(below_px),
        float(piece.probability.mean()),
    )
