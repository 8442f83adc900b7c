"""Measure where a page holds ink, and how far apart its lines are."""

from __future__ import annotations

import cv2
import numpy as np

# All lengths are in pixels of the working resolution. A closing that is wider
# than any stroke leaves the paper under the writing.
_STROKE_PX = 25
# Longer straight runs are rules, underlines and edges, not letters.
_RULE_PX = 57
# Darker than this part of the light paper is the backdrop of the photograph.
_BACKDROP = 0.4
# Paper texture stays below this part of the paper's light.
_LEAST_CONTRAST = 0.06
_STRIP_PX = 96
_LEAST_PITCH_PX = 14


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
    # The constant keeps the noise of dark paper from being amplified.
    ink = np.maximum(paper - work, 0) / (paper + 32)
    ink = _remove_rules(np.maximum(ink - 2 * float(np.median(ink)), 0))
    ink[cv2.erode(paper, box) < _BACKDROP * np.percentile(paper, 90)] = 0
    darkest = float(np.percentile(ink, 99.8))
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


def line_pitch_from_ink_px(ink: np.ndarray) -> float:
    """Estimate the distance between baselines from the page's periodicity.

    The autocorrelation of a row profile does not mind where its lines lie, so
    narrow strips can be added up without knowing the page's slant.

    Args:
        ink: float array [height_px, width_px].

    Returns:
        The pitch in pixels; where lines do not repeat, about four times the height
        of the small letters.

    >>> rows = np.arange(600)[:, None]
    >>> line_pitch_from_ink_px(np.repeat((rows % 40 < 12).astype(np.float32), 300, axis=1))
    40.0
    """
    height_px, width_px = ink.shape
    starts = np.arange(0, width_px, _STRIP_PX)
    profiles = np.add.reduceat(ink, starts, axis=1, dtype=np.float64)
    profiles = cv2.GaussianBlur(profiles, (1, 0), sigmaX=1, sigmaY=2)
    profiles -= cv2.blur(profiles, (1, 2 * (height_px // 10) + 1))
    # Padded to twice the height, so that the page does not wrap around.
    power = np.abs(np.fft.rfft(profiles, 2 * height_px, axis=0)) ** 2
    likeness = np.fft.irfft(power.sum(axis=1))[:height_px]
    peak_px = _best_peak(likeness)
    return float(peak_px) if peak_px else _writing_pitch_px(likeness)


def _best_peak(likeness: np.ndarray) -> int:
    """Find the lag at which lines repeat; 0 for none."""
    lags = np.arange(_LEAST_PITCH_PX, likeness.size // 3)
    if lags.size < 3 or likeness[0] <= 0:
        return 0
    # A long lag compares fewer rows.
    likeness = likeness / likeness[0] / np.linspace(1, 1 / likeness.size, likeness.size)
    here = likeness[lags]
    peak = (here > likeness[lags - 1]) & (here >= likeness[lags + 1]) & (here > 0.1)
    if not peak.any():
        return 0
    # Multiples of the pitch repeat as well: the short lag has the advantage.
    return int(lags[np.argmax(np.where(peak, here / np.sqrt(lags), 0))])


def _writing_pitch_px(likeness: np.ndarray) -> float:
    """Derive a pitch from the central peak, half as wide as small letters."""
    below = np.flatnonzero(likeness <= 0.5 * likeness[0])
    half_px = int(below[0]) if below.size else 0
    return float(max(_LEAST_PITCH_PX, 8 * half_px))
