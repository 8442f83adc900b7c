"""Find the text lines of a page with classical image processing.

Lines are ridges of the smoothed ink, as in Bukhari, Shafait and Breuel,
"Script-Independent Handwritten Textlines Segmentation using Active Contours"
(ICDAR 2009): ink is blurred along the writing direction, ridges are linked
into lines, and each line is dropped from its ridge to its baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from model.finder_ink import line_pitch_px, measure_ink, scale_to_work
from model.finder_ridges import Ridge, drop_doubles, join_ridges, ridge_response, trace_ridges
from schemas.records import Line, Polyline


EXT = 0.5
TRIM = 0.3
FAINT = 0.45
@dataclass(frozen=True)
class FinderConfig:
    """Set the scale and the limits of the line finder.

    Attributes:
        work_edge_px: Long edge of the image that the finder works on.
        least_strength: Weakest piece of a line, as a part of the page's
            typical one.
        least_length_pitches: Shortest line, in line pitches.
        widest_gap_pitches: Widest gap inside a line, in line pitches.
    """

    work_edge_px: int = 1400
    least_strength: float = 0.3
    least_length_pitches: float = 1.0
    widest_gap_pitches: float = 2.0


def find_lines(
    grey: np.ndarray, config: FinderConfig = FinderConfig()
) -> tuple[Line, ...]:
    """Find the text lines of a page.

    Args:
        grey: uint8 array [height_px, width_px], paper light.
        config: Scale and limits.

    Returns:
        Lines in reading order with baseline and polygon in pixels of `grey`,
        without text; empty for a blank page.

    Raises:
        ValueError: If `grey` is not a two-dimensional uint8 array.

    >>> find_lines(np.full((400, 300), 255, np.uint8))
    ()
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise ValueError(
            f"page is {grey.dtype} {grey.shape}; give uint8 [height_px, width_px]"
        )
    work, factors = scale_to_work(grey, config.work_edge_px)
    ink = measure_ink(work)
    if not ink.any():
        return ()
    pitch_px = line_pitch_px(ink)
    response = ridge_response(ink, pitch_px)
    ridges = trace_ridges(response, pitch_px, config.least_strength)
    ridges = drop_doubles(ridges, ink.shape, pitch_px)
    ridges = join_ridges(ridges, pitch_px, config.widest_gap_pitches * pitch_px)
    ridges = _drop_faint(ridges)
    baselines = [_drop_to_baseline(ridge, ink, pitch_px) for ridge in ridges]
    least_px = config.least_length_pitches * pitch_px
    kept = [b for b in baselines if len(b) > 1 and b[-1, 0] - b[0, 0] >= least_px]
    return tuple(
        _to_line(index, baseline, pitch_px, factors, grey.shape)
        for index, baseline in enumerate(_reading_order(kept, pitch_px))
    )


def _drop_faint(ridges):
    if not ridges: return ridges
    st=np.array([x.strength for x in ridges]); L=np.array([x.rows_px.size for x in ridges])
    o=np.argsort(st); med=st[o][np.searchsorted(np.cumsum(L[o]),L.sum()/2)]
    return [r for r in ridges if r.strength>FAINT*med]
def _drop_to_baseline(ridge: Ridge, ink: np.ndarray, pitch_px: float) -> np.ndarray:
    """Move a ridge down to where its small letters end, and trim its ends.

    Args:
        ridge: Middle of the line.
        ink: float32 array [height_px, width_px].
        pitch_px: Distance between baselines.

    Returns:
        float64 array [points, 2] of (x, y); empty where there is no ink.
    """
    window = max(1, int(2 * pitch_px))
    padded = np.pad(ridge.rows_px, window, mode="reflect", reflect_type="odd") if ridge.rows_px.size > window else np.pad(ridge.rows_px, window, mode="edge")
    rows = np.convolve(padded, np.ones(window) / window, "same")[window:-window]
    reach = int(EXT * pitch_px)
    rows = np.r_[np.full(reach, 0), rows, np.full(reach, 0)]
    rows[:reach] = rows[reach] - np.arange(reach, 0, -1) * (rows[2*reach if rows.size > 3*reach else reach] - rows[reach]) / max(reach, 1)
    rows[rows.size-reach:] = rows[-reach-1] + np.arange(1, reach+1) * (rows[-reach-1] - rows[-2*reach if rows.size > 3*reach else -reach-1]) / max(reach, 1)
    columns = np.arange(ridge.first_px - reach, ridge.last_px + 1 + reach)
    ok = (columns >= 0) & (columns < ink.shape[1])
    rows, columns = rows[ok], columns[ok]
    offsets = np.arange(-int(0.5 * pitch_px), int(0.7 * pitch_px) + 1)
    band = cv2.remap(
        ink,
        np.broadcast_to(columns, (offsets.size, columns.size)).astype(np.float32),
        (rows + offsets[:, None]).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    profile = cv2.GaussianBlur(band.mean(axis=1, keepdims=True), (0, 0), sigmaX=1e-3, sigmaY=max(0.05 * pitch_px, 0.5))[:, 0]
    fall = -np.gradient(profile)
    below = (offsets >= 0) & (offsets <= 0.5 * pitch_px)
    drop_px = offsets[below][np.argmax(fall[below])]
    core = np.abs(offsets - drop_px / 2) <= 0.35 * pitch_px
    strokes = (band[core] > 0.4 * np.percentile(band[core], 97)).astype(np.float32)
    density = cv2.blur(strokes.mean(axis=0, keepdims=True), (max(3, int(0.5 * pitch_px)), 1))[0]
    written = np.flatnonzero(density > TRIM * density.mean())
    if written.size < 2:
        return np.zeros((0, 2))
    first, last = written[0], written[-1]
    count = max(2, int((last - first) / pitch_px) + 1)
    points = np.unique(np.linspace(first, last, count).astype(int))
    return np.stack([columns[points], rows[points] + drop_px], axis=1).astype(np.float64)


def _reading_order(baselines: list[np.ndarray], pitch_px: float) -> list[np.ndarray]:
    """Order baselines by row, then from left to right."""
    if not baselines:
        return []
    slope = np.median([(b[-1, 1] - b[0, 1]) / (b[-1, 0] - b[0, 0]) for b in baselines])
    middles = np.array([b.mean(axis=0) for b in baselines])
    level = middles[:, 1] - slope * middles[:, 0]
    order = np.argsort(level)
    rows = np.zeros(len(baselines), int)
    rows[order] = np.cumsum(np.r_[0, np.diff(level[order]) > 0.5 * pitch_px])
    return [baselines[i] for i in np.lexsort((middles[:, 0], rows))]


def _to_line(
    index: int,
    baseline: np.ndarray,
    pitch_px: float,
    factors: np.ndarray,
    shape: tuple[int, ...],
) -> Line:
    """Scale a baseline to the page and put an outline around it."""
    above, below = np.array([0, 0.75 * pitch_px]), np.array([0, 0.3 * pitch_px])
    outline = np.concatenate([baseline - above, (baseline + below)[::-1]])
    return Line(
        line_id=f"l{index + 1}",
        index=index,
        baseline=_points(baseline * factors, shape),
        polygon=_points(outline * factors, shape),
    )


def _points(points: np.ndarray, shape: tuple[int, ...]) -> Polyline:
    """Keep points on the page and make them plain numbers."""
    inside = np.clip(points, 0, np.array([shape[1] - 1, shape[0] - 1]))
    return tuple((float(x), float(y)) for x, y in inside)
def _debug_pitch(grey):
    work, f = scale_to_work(grey, 1400)
    return line_pitch_px(measure_ink(work))*f[1]
