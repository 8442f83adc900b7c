"""Measure where a page holds ink, and how far apart its lines are."""

from __future__ import annotations

import cv2
import numpy as np

# Paper under the writing is what a closing wider than any stroke leaves.
_STROKE_PX = 25
# Longer straight runs are rules, underlines and edges, not letters.
_RULE_PX = 57
# Paper texture and bleed-through stay below this part of the paper's light.
_LEAST_CONTRAST = 0.06
_BACKDROP = 0.4
_STRIP_PX = 96
_LEAST_PITCH_PX = 14


def scale_to_work(grey: np.ndarray, work_edge_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Shrink a page to the working resolution; never enlarge it.

    Args:
        grey: uint8 array [height_px, width_px].
        work_edge_px: Long edge of the result, in pixels.

    Returns:
        The page, uint8, no edge longer than `work_edge_px`, and the float
        factors (x, y) from its pixels to those of `grey`.

    >>> small, factors = scale_to_work(np.zeros((200, 100), np.uint8), 50)
    >>> small.shape, factors.tolist()
    ((50, 25), [4.0, 4.0])
    """
    height_px, width_px = grey.shape
    shrink = min(1.0, work_edge_px / max(height_px, width_px))
    size = max(1, round(width_px * shrink)), max(1, round(height_px * shrink))
    work = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return work, np.array([width_px / size[0], height_px / size[1]])


def measure_ink(work: np.ndarray) -> np.ndarray:
    """Measure how much ink lies on each pixel, without rules and shading.

    Args:
        work: uint8 array [height_px, width_px] at the working resolution.

    Returns:
        float32 array [height_px, width_px]: 0 paper, 1 the page's darkest
        strokes; all 0 where nothing stands out from the paper.
    """
    box = cv2.getStructuringElement(cv2.MORPH_RECT, (_STROKE_PX, _STROKE_PX))
    paper = cv2.morphologyEx(work, cv2.MORPH_CLOSE, box)
    # The median evens the paper out, but would turn dark corners into ink.
    paper = np.minimum(paper, cv2.medianBlur(paper, _STROKE_PX)).astype(np.float32)
    # The constant keeps the noise of black backdrops from being amplified.
    ink = np.maximum(paper - work, 0) / (paper + 32)
    ink = np.maximum(ink - 2 * np.median(ink), 0)
    ink = _remove_rules(ink)
    # Where the paper ends, the backdrop's edge is no writing.
    backdrop = cv2.erode(paper, box) < _BACKDROP * np.percentile(paper, 90)
    ink[backdrop] = 0
    darkest = np.percentile(ink, 99.8)
    if darkest < _LEAST_CONTRAST:
        return np.zeros_like(ink)
    return np.minimum(ink / darkest, 1)


def _remove_rules(ink: np.ndarray) -> np.ndarray:
    """Subtract straight runs along either axis that are longer than a letter."""
    across = np.ones((3, 1), np.uint8)
    along = np.ones((1, _RULE_PX), np.uint8)
    # Thickened first, because a rule that is not quite level leaves its row.
    level = cv2.morphologyEx(cv2.dilate(ink, across), cv2.MORPH_OPEN, along)
    upright = cv2.morphologyEx(cv2.dilate(ink, across.T), cv2.MORPH_OPEN, along.T)
    return np.maximum(ink - np.maximum(level, upright), 0)


def line_pitch_px(ink: np.ndarray) -> float:
    """Estimate the distance between baselines from the page's periodicity.

    The autocorrelation of a row profile does not mind where its lines lie, so
    narrow strips can be added up without knowing the page's slant.

    Args:
        ink: float array [height_px, width_px].

    Returns:
        The pitch in pixels; where lines do not repeat, twice the height of
        the writing.
    """
    height_px, width_px = ink.shape
    starts = np.arange(0, width_px, _STRIP_PX)
    profiles = np.add.reduceat(ink, starts, axis=1, dtype=np.float64)
    profiles = cv2.GaussianBlur(profiles, (0, 0), sigmaX=1e-3, sigmaY=2)
    profiles -= cv2.blur(profiles, (1, 2 * (height_px // 10) + 1))
    power = np.abs(np.fft.rfft(profiles, 2 * height_px, axis=0)) ** 2
    likeness = np.fft.irfft(power.sum(axis=1))[:height_px]
    lags = np.arange(_LEAST_PITCH_PX, max(_LEAST_PITCH_PX, height_px // 4))
    peak = _best_peak(likeness, lags)
    return float(peak) if peak else _writing_height_px(likeness)


def _best_peak(likeness: np.ndarray, lags: np.ndarray) -> int:
    """Find the lag at which lines repeat; 0 for none."""
    if lags.size < 3 or likeness[0] <= 0:
        return 0
    unbiased = likeness / np.arange(likeness.size, 0, -1)
    unbiased = unbiased / unbiased[0]
    here = unbiased[lags]
    peak = (here > unbiased[lags - 1]) & (here >= unbiased[lags + 1]) & (here > 0.05)
    if not peak.any():
        return 0
    # Multiples of the pitch repeat as well: the short lag has the advantage.
    return int(lags[np.argmax(np.where(peak, here / np.sqrt(lags), 0))])


def _writing_height_px(likeness: np.ndarray) -> float:
    """Take the width of the central peak for the height of small letters."""
    below = np.flatnonzero(likeness <= 0.5 * likeness[0])
    half_px = below[0] if below.size else _LEAST_PITCH_PX
    return float(max(_LEAST_PITCH_PX, 4 * half_px))
