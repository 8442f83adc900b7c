"""Drop ridges to the baseline and trim them to the ink."""

from __future__ import annotations

import cv2
import numpy as np

from model.finder_ridges import Ridge

# How far a line's ends may lie outside its ridge, in pitches.
_REACH = 0.5
import os
DEG = float(os.environ.get('DEG','0'))
LOC = float(os.environ.get('LOC','0'))
PRI = float(os.environ.get('PRI','0.15'))
SM = float(os.environ.get('SM','1.5'))
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
    columns, rows = _smooth_and_extend(ridge, ink.shape[1], pitch_px)
    offsets = np.arange(-int(0.5 * pitch_px), int(0.7 * pitch_px) + 1)
    grid_x = np.broadcast_to(columns, (offsets.size, columns.size))
    grid_y = rows + offsets[:, None]
    band = cv2.remap(ink, grid_x.astype(np.float32), grid_y.astype(np.float32), cv2.INTER_LINEAR)
    drop_px = _drop_px(band, offsets, pitch_px)
    rows = rows + _local(band, offsets, drop_px, pitch_px)
    letters = band[np.abs(offsets - drop_px / 2) <= 0.35 * pitch_px]
    written = np.flatnonzero(_has_strokes(letters, pitch_px))
    if written.size < 2:
        return np.zeros((0, 2))
    first, last = written[0], written[-1]
    count = max(3, int((last - first) / pitch_px) + 1)
    points = np.unique(np.linspace(first, last, count).astype(int))
    return np.stack([columns[points], rows[points] + drop_px], axis=1)


def _smooth_and_extend(
    ridge: Ridge, page_width_px: int, pitch_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give columns and rows of a ridge, smoothed and carried past its ends."""
    half, reach = int(pitch_px), int(_REACH * pitch_px)
    # The odd reflection carries the slope of the ends on.
    padded = np.pad(ridge.rows_px, half + reach, mode="reflect", reflect_type="odd")
    window = np.full(2 * half + 1, 1 / (2 * half + 1))
    rows = np.convolve(padded, window, mode="valid")
    columns = np.arange(ridge.first_px - reach, ridge.last_px + reach + 1)
    if DEG:
        rows = _poly(ridge, columns, pitch_px)
    on_page = (columns >= 0) & (columns < page_width_px)
    return columns[on_page], rows[on_page]


def _drop_px(band: np.ndarray, offsets: np.ndarray, pitch_px: float) -> int:
    """Find how far below the ridge the ink falls off most steeply."""
    profile = band.mean(axis=1, keepdims=True)
    profile = cv2.GaussianBlur(profile, (1, 0), sigmaX=1, sigmaY=0.05 * pitch_px)
    fall = -np.gradient(profile[:, 0])
    below = (offsets >= 0) & (offsets <= 0.5 * pitch_px)
    return int(offsets[below][np.argmax(fall[below])])


def _poly(ridge, columns, pitch_px):
    degree = int(np.clip(ridge.rows_px.size / (DEG * pitch_px), 1, 3))
    x = np.linspace(-1, 1, ridge.rows_px.size)
    step = x[1] - x[0] if x.size > 1 else 1.0
    at = -1 + (columns - ridge.first_px) * step
    basis = np.vander(x, degree + 1)
    w = np.ones(x.size)
    for _ in range(8):
        c = np.linalg.lstsq(basis * w[:, None], ridge.rows_px * w, rcond=None)[0]
        r = np.abs(basis @ c - ridge.rows_px)
        w = 1 / np.sqrt(np.maximum(r, 0.02 * pitch_px))
    return np.vander(at, degree + 1) @ c


def _local(band, offsets, drop_px, pitch_px):
    if not LOC:
        return 0
    soft = cv2.GaussianBlur(band, (0, 0), sigmaX=LOC * pitch_px, sigmaY=0.05 * pitch_px)
    fall = np.maximum(-np.gradient(soft, axis=0), 0)
    shift = offsets - drop_px
    prior = np.exp(-0.5 * (shift / (PRI * pitch_px)) ** 2)[:, None]
    best = np.argmax(fall * prior, axis=0)
    weight = np.take_along_axis(fall, best[None], axis=0)[0]
    sg = dict(ksize=(0, 0), sigmaX=SM * pitch_px, sigmaY=1)
    num = cv2.GaussianBlur((weight * shift[best])[None].astype(np.float64), **sg)[0]
    den = cv2.GaussianBlur(weight[None].astype(np.float64), **sg)[0]
    return num / np.maximum(den, 1e-9)


def _has_strokes(letters: np.ndarray, pitch_px: float) -> np.ndarray:
    """Tell for each column of a straightened line whether it holds writing."""
    # Measured against the line's own strokes, because pencil is faint.
    strokes = (letters > 0.4 * np.percentile(letters, 97)).astype(np.float32)
    window = max(3, int(0.5 * pitch_px)), 1
    density = cv2.blur(strokes.mean(axis=0, keepdims=True), window)[0]
    return density > _LEAST_STROKES * density.mean()
