"""Drop ridges to the baseline and trim them to the ink."""

from __future__ import annotations

import cv2
import numpy as np

from model.finder_ridges import Ridge

# All lengths are in pitches. How far a line's ends may lie outside its ridge:
_REACH = 0.5
# A line bends once more for each of these, up to a cubic.
_BEND_LENGTH = 5.0
# How far letters stray from the curve of their line.
_STRAY = 0.2
# Fewer strokes than this part of the line's mean are none.
_LEAST_STROKES = 0.3


def drop_to_baseline(ridge: Ridge, ink: np.ndarray, pitch_px: float) -> np.ndarray:
    """Move a ridge down to where its small letters end, and trim its ends.

    Args:
        ridge: Middle of the line.
        ink: float32 array [height_px, width_px].
        pitch_px: Distance between baselines.

    Returns:
        float64 array [points, 2] of (x, y), about one point to a pitch; empty
        where there is no ink.
    """
    columns, rows = _fit_curve(ridge, ink.shape[1], pitch_px)
    offsets = np.arange(-int(0.5 * pitch_px), int(0.7 * pitch_px) + 1)
    grid_x = np.broadcast_to(columns, (offsets.size, columns.size)).astype(np.float32)
    grid_y = (rows + offsets[:, None]).astype(np.float32)
    band = cv2.remap(ink, grid_x, grid_y, cv2.INTER_LINEAR)
    drop_px = _drop_px(band, offsets, pitch_px)
    letters = band[np.abs(offsets - drop_px / 2) <= 0.35 * pitch_px]
    written = np.flatnonzero(_has_strokes(letters, pitch_px))
    if written.size < 2:
        return np.zeros((0, 2))
    rows = rows + drop_px + _stray_px(band, offsets - drop_px, pitch_px)
    first, last = written[0], written[-1]
    count = max(3, int((last - first) / pitch_px) + 1)
    points = np.unique(np.linspace(first, last, count).astype(int))
    return np.stack([columns[points], rows[points]], axis=1)


def _fit_curve(ridge: Ridge, page_width_px: int, pitch_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Give columns and rows of a smooth curve along a ridge and past its ends.

    The sum of distances is made least, by reweighted least squares, because a
    year's tall digits at the end of a line must not lift it.
    """
    length_px, reach = ridge.rows_px.size, int(_REACH * pitch_px)
    degree = int(np.clip(length_px / (_BEND_LENGTH * pitch_px), 1, 3))
    powers = np.vander(np.linspace(-1, 1, length_px), degree + 1)
    weights = np.ones(length_px)
    for _ in range(8):
        weighted = powers * weights[:, None]
        curve = np.linalg.lstsq(weighted, ridge.rows_px * weights, rcond=None)[0]
        miss_px = np.abs(powers @ curve - ridge.rows_px)
        weights = 1 / np.sqrt(np.maximum(miss_px, 0.02 * pitch_px))
    places = np.arange(-reach, length_px + reach)
    columns = places + ridge.first_px
    on_page = (columns >= 0) & (columns < page_width_px)
    at = 2 * places[on_page] / (length_px - 1) - 1
    return columns[on_page], np.vander(at, degree + 1) @ curve


def _drop_px(band: np.ndarray, offsets: np.ndarray, pitch_px: float) -> int:
    """Find how far below the ridge the ink falls off most steeply."""
    profile = band.mean(axis=1, keepdims=True)
    profile = cv2.GaussianBlur(profile, (1, 0), sigmaX=1, sigmaY=0.05 * pitch_px)
    fall = -np.gradient(profile[:, 0])
    below = (offsets >= 0) & (offsets <= 0.5 * pitch_px)
    return int(offsets[below][np.argmax(fall[below])])


def _stray_px(band: np.ndarray, below_px: np.ndarray, pitch_px: float) -> np.ndarray:
    """Measure how far below the line's baseline each column's own one lies."""
    soft = cv2.GaussianBlur(band, (0, 0), sigmaX=0.7 * pitch_px, sigmaY=0.05 * pitch_px)
    fall = np.maximum(-np.gradient(soft, axis=0), 0)
    near = np.exp(-0.5 * (below_px / (_STRAY * pitch_px)) ** 2)
    steepest = np.argmax(fall * near[:, None], axis=0)
    trust = np.take_along_axis(fall, steepest[None], axis=0)
    both = np.concatenate([trust * below_px[steepest], trust])
    stray, total = cv2.GaussianBlur(both.T, (1, 0), sigmaX=1, sigmaY=1.5 * pitch_px).T
    return stray / np.maximum(total, 1e-9)


def _has_strokes(letters: np.ndarray, pitch_px: float) -> np.ndarray:
    """Tell for each column of a straightened line whether it holds writing."""
    # Measured against the line's own strokes, because pencil is faint.
    strokes = (letters > 0.4 * np.percentile(letters, 97)).astype(np.float32)
    window = max(3, int(0.5 * pitch_px)), 1
    density = cv2.blur(strokes.mean(axis=0, keepdims=True), window)[0]
    return density > _LEAST_STROKES * density.mean()
