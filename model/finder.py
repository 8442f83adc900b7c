"""Find the text lines of a page with classical image processing.

Lines are ridges of the smoothed ink, as in Bukhari, Shafait and Breuel,
"Script-Independent Handwritten Textlines Segmentation using Active Contours"
(ICDAR 2009): ink is blurred along the writing direction, ridges are linked
into lines, and each line is dropped from its ridge to its baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.finder_baseline import drop_to_baseline
from model.finder_ink import line_pitch_px, measure_ink, shrink
from model.finder_ridges import (
    Ridge,
    drop_doubles,
    drop_faint,
    join_ridges,
    ridge_response,
    trace_ridges,
)
from schemas.records import Line, Polyline


@dataclass(frozen=True)
class FinderConfig:
    """Set the scale and the limits of the line finder.

    Attributes:
        work_edge_px: Long edge of the image that ink is measured on.
        work_pitch_px: Widest line pitch that ridges are traced at.
        least_crest: Weakest piece of a line, as a part of the page's typical
            piece.
        least_strength: Weakest line, as a part of the page's median line.
        least_length_pitches: Shortest line, in line pitches.
        widest_gap_pitches: Widest gap inside a line, in line pitches.
        above_pitches: Height of the outline above the baseline.
        below_pitches: Depth of the outline below the baseline.
    """

    work_edge_px: int = 1400
    work_pitch_px: float = 40.0
    least_crest: float = 0.3
    least_strength: float = 0.45
    least_length_pitches: float = 1.0
    widest_gap_pitches: float = 2.0
    above_pitches: float = 0.75
    below_pitches: float = 0.3


def find_lines(grey: np.ndarray, config: FinderConfig = FinderConfig()) -> tuple[Line, ...]:
    """Find the text lines of a page.

    Args:
        grey: uint8 array [height_px, width_px], paper light.
        config: Scale and limits.

    Returns:
        Lines in reading order with baseline and polygon in pixels of `grey`,
        without text; empty for a blank page.

    Raises:
        ValueError: If `grey` is not a two-dimensional uint8 array with pixels.

    >>> find_lines(np.full((400, 300), 255, np.uint8))
    ()
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise ValueError(f"page is {grey.dtype} {grey.shape}; give uint8 [height_px, width_px]")
    ink = measure_ink(shrink(grey, config.work_edge_px / max(grey.shape)))
    if not ink.any():
        return ()
    pitch_px = line_pitch_px(ink)
    ink = shrink(ink, config.work_pitch_px / pitch_px)
    pitch_px = min(pitch_px, config.work_pitch_px)
    ridges = _find_ridges(ink, pitch_px, config)
    baselines = [drop_to_baseline(ridge, ink, pitch_px) for ridge in ridges]
    least_px = max(1.0, config.least_length_pitches * pitch_px)
    kept = [b for b in baselines if len(b) and b[-1, 0] - b[0, 0] >= least_px]
    above = np.array([0, config.above_pitches * pitch_px])
    below = np.array([0, config.below_pitches * pitch_px])
    return tuple(
        Line(
            line_id=f"l{index + 1}",
            index=index,
            baseline=_to_page(b, ink.shape, grey.shape),
            polygon=_to_page(np.r_[b - above, (b + below)[::-1]], ink.shape, grey.shape),
        )
        for index, b in enumerate(_in_reading_order(kept, pitch_px))
    )


def _find_ridges(ink: np.ndarray, pitch_px: float, config: FinderConfig) -> list[Ridge]:
    """Find the ridges of ink, one for each text line."""
    response = ridge_response(ink, pitch_px)
    pieces = trace_ridges(response, pitch_px, config.least_crest)
    pieces = drop_doubles(pieces, ink.shape, pitch_px)
    ridges = join_ridges(pieces, pitch_px, config.widest_gap_pitches * pitch_px)
    return drop_faint(ridges, config.least_strength)


def _in_reading_order(baselines: list[np.ndarray], pitch_px: float) -> list[np.ndarray]:
    """Order baselines from top to bottom, and within a row from left to right."""
    if not baselines:
        return []
    slope = np.median([(b[-1, 1] - b[0, 1]) / (b[-1, 0] - b[0, 0]) for b in baselines])
    middles = np.array([b.mean(axis=0) for b in baselines])
    level = middles[:, 1] - slope * middles[:, 0]
    order = np.argsort(level)
    rows = np.zeros(len(baselines), int)
    rows[order] = np.cumsum(np.r_[0, np.diff(level[order]) > 0.5 * pitch_px])
    return [baselines[i] for i in np.lexsort((middles[:, 0], rows))]


def _to_page(points: np.ndarray, work: tuple[int, ...], page: tuple[int, ...]) -> Polyline:
    """Scale points from the shape that was worked on to the page's, and keep them on it."""
    size = np.array([page[1], page[0]])
    # Pixels are counted at their centres.
    scaled = (points + 0.5) * size / np.array([work[1], work[0]]) - 0.5
    return tuple((float(x), float(y)) for x, y in np.clip(scaled, 0, size - 1))
