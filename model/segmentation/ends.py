"""The ink along a found line: its ends are trimmed to it, and it shows whether it is writing.

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


def measure_ink_variation(line: FoundLine, ink: np.ndarray) -> float:
    """Measure how much the ink of a line varies from column to column.

    Letters alternate with paper; the edge of a page or the fore-edge of a book does not.

    Args:
        line: The line, in pixels of `ink`.
        ink: uint8 [height, width], paper 0.

    Returns:
        Standard deviation of the ink of columns from that of a stretch as long as the line is
        high, divided by the mean: .59 for the median line of writing, .32 and more for 99 %.

    Example:
        >>> edge, letters = np.zeros((2, 40, 200), np.uint8)
        >>> edge[8:20] = letters[8:20, ::6] = letters[8:20, 1::6] = 200
        >>> line = FoundLine(np.array([[0.0, 20], [199, 20]]), 14.0, 6.0, 0.9)
        >>> [round(measure_ink_variation(line, page), 1) for page in (edge, letters)]
        [0.0, 1.2]
    """
    columns = _sample(line, ink).mean(axis=0)
    width = min(max(3, int(line.height_px)), len(columns))
    kernel = np.ones(width) / width
    padded = np.pad(columns, (width // 2, width - 1 - width // 2), mode="edge")
    rest = columns - np.convolve(padded, kernel, "valid")
    return float(rest.std() / max(1.0, columns.mean()))


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
    inked = _inked_columns(line, ink)
    columns = len(inked)
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


def _inked_columns(line: FoundLine, ink: np.ndarray) -> np.ndarray:
    """Return which places along a line are inked: bool [columns]."""
    darkest = _sample(line, ink).max(axis=0)
    dark = float(np.percentile(darkest, _DARK_PERCENTILE))
    return darkest >= max(1.0, _LEAST_SHARE * dark)


def _sample(line: FoundLine, ink: np.ndarray) -> np.ndarray:
    """Sample the body of a line's writing, a column a pixel: float32 [rows, columns]."""
    length_px = arc_lengths(line.path)[-1]
    columns = max(2, int(length_px))
    centres = resample(line.path, (np.arange(columns) + 0.5) * length_px / columns)
    centres = centres.astype(np.float32)
    up = up_normals(centres).astype(np.float32)
    offsets = np.linspace(_ABOVE * line.above_px, -_BELOW * line.below_px, _ROWS, dtype=np.float32)
    points = centres[None] + offsets[:, None, None] * up[None]
    # Only the part of the page around the line, for an image may be too large to sample.
    low = np.maximum(np.floor(points.min(axis=(0, 1))).astype(int) - 1, 0)
    high = np.ceil(points.max(axis=(0, 1))).astype(int) + 2
    part = ink[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return np.zeros((_ROWS, columns), np.float32)
    seen = cv2.remap(part, points - low.astype(np.float32), None, cv2.INTER_LINEAR)
    return seen.astype(np.float32)


def _first_inked(inked: np.ndarray, stretch: int) -> int:
    """Return the first inked place from which on enough of a stretch is inked."""
    counts = np.convolve(inked, np.ones(stretch), "full")[stretch - 1 :]
    return int(np.argmax(inked & (counts >= _LEAST_INKED * stretch)))
