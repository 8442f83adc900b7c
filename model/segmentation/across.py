"""Writing that runs across the lines of a page, such as a note up its margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model.geometry.polylines import arc_lengths, band_outline
from model.segmentation.baselines import FoundLine

# Letters reach beyond their lines by this share of the line's height.
_MARGIN = 0.15
# Ink from this value on may belong to a letter.
_IS_INK = 64


@dataclass(frozen=True)
class AcrossConfig:
    """Limits for lines that run across the others.

    Attributes:
        least_mean_probability: Least mean probability of a line; higher than for the other lines,
            as few pages have any.
        least_length: Least length of a line, in heights of its writing.
        least_room: Least distance from the page's edge, which itself looks like a line.
        least_ink: Least share of such a line that is inked.
    """

    least_mean_probability: float = 0.85
    least_length: float = 4.0
    least_room: float = 0.5
    least_ink: float = 0.03


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
        margin_px = _MARGIN * line.height_px
        band = band_outline(line.path, line.above_px + margin_px, line.below_px + margin_px)
        outline = (band + 0.5) / scale - 0.5
        cv2.fillPoly(rest, [np.round(outline).astype(np.int32)], 0)
    return rest


def may_have_writing(rest: np.ndarray, height_px: float, config: AcrossConfig) -> bool:
    """Whether there is ink enough for a line.

    Args:
        rest: uint8 [height, width], ink that is left, paper 0.
        height_px: Height of the writing, in pixels of `rest`.
        config: The limits.
    """
    least_px = config.least_ink * config.least_length * height_px**2
    return bool(np.count_nonzero(rest > _IS_INK) >= least_px)


def keep_sure_lines(
    lines: Sequence[FoundLine], page_height_px: int, config: AcrossConfig
) -> list[FoundLine]:
    """Return the lines that are probable, long and away from the edge of the page.

    Args:
        lines: In pixels of the page, rotated so that they are level.
        page_height_px: Height of the page as rotated.
        config: The limits.
    """
    return [
        line
        for line in lines
        if line.probability >= config.least_mean_probability
        and arc_lengths(line.path)[-1] >= config.least_length * line.height_px
        and config.least_room * line.height_px
        <= np.median(line.path[:, 1])
        <= page_height_px - config.least_room * line.height_px
    ]
