"""How much of a page's writing lies outside the lines that were read, measured from its ink.

The line finder cannot tell what it has missed, nor a description what it leaves out. So the ink of
the page is compared with the areas of its lines: what looks like their writing, and lies in none
of them, was not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model.geometry.extent import LineExtent, baseline_path, extend_to_polygon, line_gaps_px
from model.geometry.polylines import band_outline
from model.images.resize import halve, shrink
from model.quality.writing_ink import Writing, find_strokes, writing_like
from schemas.records import Failure, LineImage, Transcript

OUTSIDE_LINES = "writing outside the lines"
# Pages with more get the warning. Chosen on 158 pages that were not looked at while the measure was
# made, of twelve sets that are described completely: 1 in 100 has more, and of the same pages
# without a third of their lines 98 in 100 (docs/experiments.md).
MOST_UNREAD = 0.07

# The size at which a page is measured. At half as many pixels again it finds no more.
_WORK_PX = 1_000_000
# Shares of a line's height by which its area is extended above and below, and beyond its ends:
# ascenders and flourishes belong to the line.
_MARGIN, _END_MARGIN = 0.2, 0.5
# The percentile of the distances between lines that is their distance where none is missing between
# them; and the share of their height that it is at least, for the sake of notes between lines.
_NARROW_GAP, _LEAST_PITCH = 25.0, 0.5
# Of the reach above a baseline, what small letters fill.
_BODY = 0.5
# On pages without lines: their usual height, as a share of the side of a square page.
_USUAL_HEIGHT = 1 / 28
_LEAST_HEIGHT_PX, _MOST_HEIGHT_PX = 9.0, 150.0
# Points of a path that suffice for its area.
_MOST_POINTS = 60
# Less ink than this, in squares of the height of a line, is no writing: a short word has more.
_LEAST_INK = 0.1


@dataclass(frozen=True)
class PageInk:
    """The ink of a page that looks like writing.

    Attributes:
        of_lines: Ink in the area of each line, in pixels at the size of the measurement.
        outside: Ink outside of all of them.
    """

    of_lines: tuple[int, ...] = ()
    outside: int = 0

    def unread(self, is_read: Sequence[bool]) -> float | None:
        """Return the share of the ink that lies outside of the lines that were read.

        Args:
            is_read: Whether each of the lines was read.

        Returns:
            0..1; None for a page without writing.

        Example:
            >>> PageInk((30, 40), 10).unread([True, False])
            0.625
        """
        whole = sum(self.of_lines) + self.outside
        if not whole:
            return None
        read = sum(ink for ink, was_read in zip(self.of_lines, is_read) if was_read)
        return 1.0 - read / whole


def share_unread(ink: PageInk | None, outcomes: Sequence[Transcript | Failure]) -> float | None:
    """Return the share of a page's ink that lies outside of the lines that were read.

    Args:
        ink: From `measure_page_ink`.
        outcomes: The outcome of each line; one without text is not read.

    Returns:
        0..1; None for a page without writing, and for an image of one line.
    """
    if ink is None:
        return None
    return ink.unread([isinstance(o, Transcript) and bool(o.text.strip()) for o in outcomes])


def measure_page_ink(grey: np.ndarray, images: Sequence[LineImage]) -> PageInk | None:
    """Measure the ink of a page in and outside of the lines that were cut out of it.

    Args:
        grey: uint8 [height_px, width_px], paper light.
        images: Its lines, in pixels of the page.

    Returns:
        The ink; None if the image is one line as a whole.
    """
    extents = [_extent(image) for image in images]
    return None if None in extents else measure_ink(grey, extents)


def _extent(image: LineImage) -> LineExtent | None:
    path = baseline_path(image.line)
    if path is None or image.reach_px is None:
        return None
    above_px, below_px = image.reach_px
    path = extend_to_polygon(path, image.line, most_px=above_px + below_px)
    return LineExtent(path, above_px, below_px)


def measure_ink(grey: np.ndarray, extents: Sequence[LineExtent]) -> PageInk:
    """Measure the ink that looks like writing, in the lines of a page and outside of them.

    Writing is told by what the lines show: how dark it is, how often its strokes cross a row
    and a column, and how much of its area they fill. Where lines overlap, ink counts for one.

    Args:
        grey: uint8 [height_px, width_px], paper light.
        extents: Its lines, in pixels of the page.

    Returns:
        The ink; none at all if it is too little for a word.

    Example:
        >>> grey = np.full((600, 900), 220, np.uint8)
        >>> for top in (100, 200, 300):
        ...     grey[top - 20 : top, 100:800:9] = 40
        >>> path = np.array([[100.0, 0.0], [800.0, 0.0]])
        >>> two = [LineExtent(path + [0, base], 30.0, 12.0) for base in (100, 200)]
        >>> 0.3 < measure_ink(grey, two).unread([True, True]) < 0.4
        True
    """
    work = _at_work_size(grey)
    factor = work.shape[0] / grey.shape[0]
    lines = [_scaled(extent, factor) for extent in extents]
    height_px = _usual_height_px(lines, work.shape)
    areas = _areas(lines, work.shape)
    body = _bodies(lines, work.shape)
    strokes = find_strokes(work, body, height_px)
    of_lines = np.bincount(areas[strokes.mask > 0], minlength=len(lines) + 1)[1:]
    outside = writing_like(Writing(strokes, areas == 0, body, height_px))
    if of_lines.sum() + outside < _LEAST_INK * height_px**2:
        return PageInk((0,) * len(lines), 0)
    return PageInk(tuple(of_lines.tolist()), outside)


def _at_work_size(grey: np.ndarray) -> np.ndarray:
    """Shrink a page, averaging 2 x 2 px first, which is quick."""
    while grey.size >= 4 * _WORK_PX and min(grey.shape) > 1:
        grey = halve(grey)
    return shrink(grey, float(np.sqrt(_WORK_PX / grey.size)))


def _scaled(extent: LineExtent, factor: float) -> LineExtent:
    """Return a line at the size of the measurement, with as many points as its area needs."""
    path = extent.path[:: max(1, len(extent.path) // _MOST_POINTS)]
    if len(path) < 2:
        path = extent.path
    return LineExtent(path * factor, extent.above_px * factor, extent.below_px * factor)


def _usual_height_px(lines: Sequence[LineExtent], shape: tuple[int, int]) -> float:
    heights = [line.above_px + line.below_px for line in lines]
    usual = np.median(heights) if heights else _USUAL_HEIGHT * np.sqrt(shape[0] * shape[1])
    return float(np.clip(usual, _LEAST_HEIGHT_PX, _MOST_HEIGHT_PX))


def _areas(lines: Sequence[LineExtent], shape: tuple[int, int]) -> np.ndarray:
    """Return which line each pixel belongs to, int32, from 1; 0 for none."""
    areas = np.zeros(shape, np.int32)
    # However tall its writing, a line covers no letters of a line above or below, which may not
    # have been read.
    gaps_px = line_gaps_px([line.path for line in lines])
    least_px = float(np.percentile(gaps_px, _NARROW_GAP)) if gaps_px else np.inf
    for number, line in enumerate(lines, 1):
        height_px = line.above_px + line.below_px
        body_px, margin_px = _BODY * line.above_px, _MARGIN * height_px
        pitch_px = max(least_px, _LEAST_PITCH * height_px)
        above_px = max(body_px, min(line.above_px + margin_px, pitch_px))
        below_px = max(0.0, min(line.below_px + margin_px, pitch_px - body_px))
        path = _extended(line.path, _END_MARGIN * height_px)
        _fill(areas, path, above_px, below_px, number)
    return areas


def _bodies(lines: Sequence[LineExtent], shape: tuple[int, int]) -> np.ndarray:
    """Return where the small letters of the lines are, bool."""
    bodies = np.zeros(shape, np.uint8)
    for line in lines:
        _fill(bodies, line.path, _BODY * line.above_px, 0.0, 1)
    return bodies > 0


def _extended(path: np.ndarray, length_px: float) -> np.ndarray:
    """Extend a path at both ends, along the direction from one to the other."""
    chord = path[-1] - path[0]
    step = chord * (length_px / max(float(np.hypot(*chord)), 1e-6))
    return np.concatenate([[path[0] - step], path, [path[-1] + step]])


def _fill(image: np.ndarray, path: np.ndarray, above_px: float, below_px: float, value: int):
    outline = band_outline(path, above_px, below_px)
    # OpenCV needs coordinates of 16 bits.
    outline = np.clip(np.round(outline), -16_000, 16_000).astype(np.int32)
    cv2.fillPoly(image, [outline], value)
