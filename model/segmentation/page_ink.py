"""Measure the ink of a page, and estimate its line pitch from it."""

from __future__ import annotations

import cv2
import numpy as np

# All lengths are in pixels of the working resolution. A morphological closing that is wider
# than any stroke leaves only the paper.
_STROKE_PX = 25
# Longer straight runs are ruled lines, underlines and edges, not letters.
_RULE_PX = 57
# Paper darker than this share of the brightest is the backdrop of the photograph.
_BACKDROP = 0.4
# The texture of paper stays below this share of its brightness.
_LEAST_CONTRAST = 0.06
_STRIP_PX = 96
_LEAST_PITCH_PX = 14


def measure_ink(work: np.ndarray) -> np.ndarray:
    """Measure how much ink lies on each pixel, without ruled lines and shading.

    Args:
        work: uint8 array [height_px, width_px] at the working resolution.

    Returns:
        float32 array [height_px, width_px]: 0 for paper, 1 for the page's darkest strokes;
        all 0 if nothing stands out from the paper.
    """
    box = cv2.getStructuringElement(cv2.MORPH_RECT, (_STROKE_PX, _STROKE_PX))
    paper = cv2.morphologyEx(work, cv2.MORPH_CLOSE, box)
    # The median smooths the paper, but alone it would turn dark corners into ink.
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
    # Dilated first, because a ruled line that is slightly skewed leaves its row.
    level = cv2.morphologyEx(cv2.dilate(ink, across), cv2.MORPH_OPEN, along)
    upright = cv2.morphologyEx(cv2.dilate(ink, across.T), cv2.MORPH_OPEN, along.T)
    return np.maximum(ink - np.maximum(level, upright), 0)


def line_pitch_from_ink_px(ink: np.ndarray) -> float:
    """Estimate the distance between baselines from the periodicity of the ink.

    The autocorrelation of a row profile does not depend on where its lines lie, so that those
    of narrow strips can be summed without knowing the skew of the page.

    Args:
        ink: float array [height_px, width_px].

    Returns:
        The pitch in pixels; if the ink is not periodic, about four times the height of small
        letters.

    Example:
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
    correlation = np.fft.irfft(power.sum(axis=1))[:height_px]
    peak_px = _best_peak(correlation)
    return float(peak_px) if peak_px else _pitch_of_letters_px(correlation)


def _best_peak(correlation: np.ndarray) -> int:
    """Return the lag at which lines repeat; 0 for none."""
    lags = np.arange(_LEAST_PITCH_PX, correlation.size // 3)
    if lags.size < 3 or correlation[0] <= 0:
        return 0
    # A long lag compares fewer rows.
    size = correlation.size
    correlation = correlation / correlation[0] / np.linspace(1, 1 / size, size)
    here = correlation[lags]
    peak = (here > correlation[lags - 1]) & (here >= correlation[lags + 1]) & (here > 0.1)
    if not peak.any():
        return 0
    # Multiples of the pitch are peaks as well: shorter lags are preferred.
    return int(lags[np.argmax(np.where(peak, here / np.sqrt(lags), 0))])


def _pitch_of_letters_px(correlation: np.ndarray) -> float:
    """Estimate a pitch from the central peak, whose half-width is half the height of letters."""
    below = np.flatnonzero(correlation <= 0.5 * correlation[0])
    half_px = int(below[0]) if below.size else 0
    return float(max(_LEAST_PITCH_PX, 8 * half_px))
