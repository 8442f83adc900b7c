"""Ruled lines of a page, drawn or printed: between the columns and rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Ink, 0 to 255, from which on a pixel can belong to a rule, which may be faint.
_LEAST_INK = 40
# Lengths are in line pitches. Letters have no straight strokes of this length.
_LEAST_RUN = 2.0
_LEAST_LENGTH = 4.0
# Broader runs are the edges of the page and the backdrop.
_MOST_BREADTH = 0.6
_MOST_SLOPE = 0.12
# Greatest gap between pieces of a rule, and how far the next piece may be off.
_MOST_GAP, _OFF = 8.0, 0.35


@dataclass(frozen=True, eq=False)
class Rules:
    """Ruled lines.

    Attributes:
        upright: float [n, 2, 2], the upper and the lower end (x, y) of each rule down the page.
        level: float [m, 2, 2], the left and the right end of each rule across the page.
    """

    upright: np.ndarray
    level: np.ndarray

    def scaled(self, scale: np.ndarray) -> Rules:
        """Return the rules in another unit.

        Args:
            scale: float [2], new units per old unit, (x, y).
        """
        return Rules(self.upright * scale, self.level * scale)


NO_RULES = Rules(np.zeros((0, 2, 2)), np.zeros((0, 2, 2)))


def find_rules(ink: np.ndarray, pitch_px: float) -> Rules:
    """Find the ruled lines of a page.

    Args:
        ink: uint8 [height_px, width_px], paper 0, as from `model.segmentation.scale.to_ink`.
        pitch_px: Line pitch.

    Returns:
        The rules, in pixels of `ink`. They may be slanted by up to six degrees.

    Example:
        >>> ink = np.zeros((200, 300), np.uint8)
        >>> ink[20:180, 150] = ink[100, 10:290] = 255
        >>> rules = find_rules(ink, 20)
        >>> rules.upright.round().tolist(), rules.level.round().tolist()
        ([[[150.0, 20.0], [150.0, 179.0]]], [[[10.0, 100.0], [289.0, 100.0]]])
    """
    is_ink = (ink >= _LEAST_INK).astype(np.uint8)
    upright = _link(_pieces(is_ink, pitch_px), pitch_px)
    level = _link(_pieces(np.ascontiguousarray(is_ink.T), pitch_px), pitch_px)
    return Rules(upright, level[:, :, ::-1])


def _pieces(is_ink: np.ndarray, pitch_px: float) -> np.ndarray:
    """Find straight runs down the page: float [n, 2, 2], upper and lower ends."""
    run = np.ones((max(3, round(_LEAST_RUN * pitch_px)) | 1, 1), np.uint8)
    # Dilated first, because a slanted rule leaves its column.
    runs = cv2.morphologyEx(cv2.dilate(is_ink, np.ones((1, 3), np.uint8)), cv2.MORPH_OPEN, run)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs)
    found = []
    for label in range(1, len(stats)):
        left, top, width, height, area = stats[label]
        if area > _MOST_BREADTH * pitch_px * height or width > 3 + 2 * _MOST_SLOPE * height:
            continue
        own = labels[top : top + height, left : left + width] == label
        y, x = np.nonzero(own)
        slope, start = np.polyfit(y, x, 1) if height > 1 else (0.0, float(x.mean()))
        if abs(slope) <= _MOST_SLOPE:
            ends = [[left + start + slope * at, top + at] for at in (0, height - 1)]
            found.append(ends)
    return np.array(found, float).reshape(-1, 2, 2)


def _link(pieces: np.ndarray, pitch_px: float) -> np.ndarray:
    """Join the pieces of each rule, and drop short rules."""
    rules: list[np.ndarray] = []
    for piece in sorted(pieces, key=lambda piece: piece[0, 1]):
        best, least = None, _OFF * pitch_px
        for index, rule in enumerate(rules):
            if piece[0, 1] - rule[1, 1] > _MOST_GAP * pitch_px:
                continue
            off = abs(piece[:, 0] - _x_at(rule, piece[:, 1])).min()
            if off < least:
                best, least = index, off
        if best is None:
            rules.append(piece)
        elif piece[1, 1] > rules[best][1, 1]:
            rules[best] = np.stack([rules[best][0], piece[1]])
    long = [rule for rule in rules if rule[1, 1] - rule[0, 1] >= _LEAST_LENGTH * pitch_px]
    return np.array(long, float).reshape(-1, 2, 2)


def _x_at(rule: np.ndarray, y: np.ndarray) -> np.ndarray:
    (x0, y0), (x1, y1) = rule
    return x0 + (x1 - x0) * (y - y0) / max(y1 - y0, 1e-9)
