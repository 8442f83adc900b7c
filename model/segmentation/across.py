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
    """Set the limits of what becomes a line across the others.

    Attributes:
        least_mean_chance: Of a whole line; more than of others, for few pages have any.
        least_length_pitches: Shortest line.
        least_room_pitches: From the page's edge, which looks like a line by itself.
    """

    least_mean_chance: float = 0.85
    least_length_pitches: float = 4.0
    least_room_pitches: float = 0.5


def erase_lines(ink: np.ndarray, lines: Sequence[FoundLine], scale: np.ndarray) -> np.ndarray:
    """Take the lines that were found off a page.

    Args:
        ink: uint8 [height, width], paper 0.
        lines: In pixels of the page.
        scale: float [2], pixels of the page to a pixel of `ink`, across and down.

    Returns:
        A copy with nothing where the lines are.

    Example:
        >>> line = FoundLine(np.array([[0.0, 20], [40, 20]]), 8.0, 4.0, 1.0)
        >>> int(erase_lines(np.full((20, 20), 9, np.uint8), [line], np.array([2.0, 2.0]))[8].sum())
        0
    """
    rest = ink.copy()
    for line in lines:
        up = up_normals(line.path)
        more_px = _MARGIN * (line.above_px + line.below_px)
        top = line.path + up * (line.above_px + more_px)
        bottom = line.path - up * (line.below_px + more_px)
        outline = (np.concatenate([top, bottom[::-1]]) + 0.5) / scale - 0.5
        cv2.fillPoly(rest, [np.round(outline).astype(np.int32)], 0)
    return rest


def keep_sure_lines(
    lines: Sequence[FoundLine], height_px: int, pitch_px: float, config: AcrossConfig
) -> list[FoundLine]:
    """Choose the lines that are likely, long and not the edge of the page.

    Args:
        lines: In pixels of the page, turned so that they are level.
        height_px: Height of the page as it is turned.
        pitch_px: Line pitch of the page.
        config: The limits.
    """
    length_px, room_px = (
        pitches * pitch_px for pitches in (config.least_length_pitches, config.least_room_pitches)
    )
    return [
        line
        for line in lines
        if line.chance >= config.least_mean_chance
        and arc_lengths(line.path)[-1] >= length_px
        and room_px <= np.median(line.path[:, 1]) <= height_px - room_px
    ]
