"""Writing that runs across the lines of a page, such as a note up its margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model.geometry.polylines import arc_lengths, up_normals
from model.segmentation.baselines import FoundLine

# Letters reach beyond their lines by this share of the line's height.
_MARGIN = 0.15


@dataclass(frozen=True)
class AcrossConfig:
    """Limits for lines that run across the others.

    Attributes:
        least_mean_probability: Least mean probability of a line; higher than for the other lines,
            as few pages have any.
        least_length_pitches: Least length of a line.
        least_room_pitches: Least distance from the page's edge, which itself looks like a line.
    """

    least_mean_probability: float = 0.85
    least_length_pitches: float = 4.0
    least_room_pitches: float = 0.5


def erase_lines(ink: np.ndarray, lines: Sequence[FoundLine], scale: np.ndarray) -> np.ndarray:
    """Erase the lines that were found from a page.

    Args:
        ink: uint8 [height, width], paper 0.
        lines: In pixels of the page.
        scale: float [2], pixels of the page to a pixel of `ink`, across and down.

    Returns:
        A copy with paper in place of the lines.

    Example:
        >>> line = FoundLine(np.array([[0.0, 20], [40, 20]]), 8.0, 4.0, 1.0)
        >>> int(erase_lines(np.full((20, 20), 9, np.uint8), [line], np.array([2.0, 2.0]))[8].sum())
        0
    """
    rest = ink.copy()
    for line in lines:
        up = up_normals(line.path)
        margin_px = _MARGIN * (line.above_px + line.below_px)
        top = line.path + up * (line.above_px + margin_px)
        bottom = line.path - up * (line.below_px + margin_px)
        outline = (np.concatenate([top, bottom[::-1]]) + 0.5) / scale - 0.5
        cv2.fillPoly(rest, [np.round(outline).astype(np.int32)], 0)
    return rest


def keep_sure_lines(
    lines: Sequence[FoundLine], height_px: int, pitch_px: float, config: AcrossConfig
) -> list[FoundLine]:
    """Return the lines that are probable, long and away from the edge of the page.

    Args:
        lines: In pixels of the page, rotated so that they are level.
        height_px: Height of the page as rotated.
        pitch_px: Line pitch of the page.
        config: The limits.
    """
    length_px, room_px = (
        pitches * pitch_px for pitches in (config.least_length_pitches, config.least_room_pitches)
    )
    return [
        line
        for line in lines
        if line.probability >= config.least_mean_probability
        and arc_lengths(line.path)[-1] >= length_px
        and room_px <= np.median(line.path[:, 1]) <= height_px - room_px
    ]
