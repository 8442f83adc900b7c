"""The ends of a found line, trimmed to its ink.

Transcribers end baselines at the last letter or a letter's width beyond, and a network that has
learnt from many of them ends lines somewhere between. The ink is the same for all.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from model.geometry.polylines import arc_lengths, resample, up_normals
from model.segmentation.baselines import FoundLine

# Lengths are in heights of the writing: the most that is trimmed, the paper that is left beside
# the ink, and the stretch that must hold ink for a line to begin there: a rule is narrower.
_MOST_TRIMMED, _LEFT, _STRETCH = 1.5, 0.1, 0.5
_LEAST_INKED = 0.25
# Shares of the reach above and below the baseline between which ink is looked for.
_ABOVE, _BELOW, _ROWS = 0.75, 0.25, 12
# Ink counts from this share of the line's dark ink on.
_DARK_PERCENTILE, _LEAST_SHARE = 95, 0.3


def trim_ends(line: FoundLine, ink: np.ndarray) -> FoundLine:
    """Shorten a line to where its ink begins and ends.

    Args:
        line: The line, in pixels of `ink`.
        ink: uint8 [height, width], paper 0.

    Returns:
        The line with a shorter baseline; the line itself where there is no ink to go by.

    Example:
        >>> ink = np.zeros((40, 200), np.uint8)
        >>> ink[14:20, 50:120] = 255
        >>> path = np.array([[40.0, 20], [80, 20], [130, 20]])
        >>> trim_ends(FoundLine(path, 14.0, 6.0, 0.9), ink).path.round().tolist()
        [[47.0, 20.0], [80.0, 20.0], [122.0, 20.0]]
    """
    lengths_px = arc_lengths(line.path)
    columns = max(2, int(lengths_px[-1]))
    inked = _inked_columns(line, ink, columns)
    stretch = max(1, round(_STRETCH * line.height_px))
    if columns <= 2 * stretch or not inked.any():
        return line
    begins = _first_inked(inked, stretch)
    ends = _first_inked(inked[::-1], stretch)
    most = round(_MOST_TRIMMED * line.height_px)
    left = _LEFT * line.height_px
    start_px, end_px = (
        max(0.0, min(first, most) - left) * lengths_px[-1] / columns for first in (begins, ends)
    )
    if start_px + end_px > lengths_px[-1] / 2:
        return line
    kept = (lengths_px > start_px) & (lengths_px < lengths_px[-1] - end_px)
    first, last = resample(line.path, np.array([start_px, lengths_px[-1] - end_px]))
    return replace(line, path=np.concatenate([[first], line.path[kept], [last]]))


def _inked_columns(line: FoundLine, ink: np.ndarray, columns: int) -> np.ndarray:
    """Return which of so many places along a line are inked: bool [columns]."""
    places = (np.arange(columns) + 0.5) * arc_lengths(line.path)[-1] / columns
    centres = resample(line.path, places).astype(np.float32)
    up = up_normals(centres).astype(np.float32)
    offsets = np.linspace(_ABOVE * line.above_px, -_BELOW * line.below_px, _ROWS, dtype=np.float32)
    points = centres[None] + offsets[:, None, None] * up[None]
    # Only the part of the page around the line, for an image may be too large to sample.
    low = np.maximum(np.floor(points.min(axis=(0, 1))).astype(int) - 1, 0)
    high = np.ceil(points.max(axis=(0, 1))).astype(int) + 2
    part = ink[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return np.zeros(columns, bool)
    seen = cv2.remap(part, points - low.astype(np.float32), None, cv2.INTER_LINEAR)
    darkest = seen.max(axis=0)
    dark = float(np.percentile(darkest, _DARK_PERCENTILE))
    return darkest >= max(1.0, _LEAST_SHARE * dark)


def _first_inked(inked: np.ndarray, stretch: int) -> int:
    """Return the first inked place from which on enough of a stretch is inked."""
    counts = np.convolve(inked, np.ones(stretch), "full")[stretch - 1 :]
    return int(np.argmax(inked & (counts >= _LEAST_INKED * stretch)))
