"""Photometric augmentation of a line: pen, scanner, stains, strokes of adjacent lines.

Every step takes a strip, float32 [height_px, width_px] of ink 0..1, its strength and a random
number generator, and returns a new strip of the same shape and range. Lengths refer to strips
48 px high.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import cv2
import numpy as np

from model.augmentation.config import REFERENCE_HEIGHT_PX

# Faint strokes would vanish if they were replaced by eroded ones entirely.
_MOST_THINNED, _MOST_THICKENED = 0.6, 0.7
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
# Least and greatest extent of an adjacent line in the frame, as shares of the height.
_GHOST_REACH = (0.15, 0.4)
_STAIN_ROWS = 3
_STAIN_COLUMN_PX = 40
# On average there is one more cutout, besides the first, per this many pixels of width.
_CUTOUT_PITCH_PX = 160
_BAR_SHARE = 0.5
_SMEARED_SHARE = 0.5
# A lookup table of powers takes a tenth of the time; scans have no more than 256 levels.
_RAMP = np.linspace(0, 1, 256, dtype=np.float32)
# Normal noise looked up from random bytes takes an eighth of the time of normal numbers.
_NORMAL_OF_BYTE = np.array(
    [NormalDist().inv_cdf((byte + 0.5) / 256) for byte in range(256)], np.float32
)


def add_ghosts(strip: np.ndarray, darkness: float, rng: np.random.Generator) -> np.ndarray:
    """Add strokes of adjacent lines at the top and bottom, taken from the strip itself."""
    height_px, width_px = strip.shape
    ghosted = strip.copy()
    for above in (True, False):
        reach_px = max(1, round(height_px * rng.uniform(*_GHOST_REACH)))
        neighbour = np.roll(strip, int(rng.integers(width_px)), axis=1)
        seen = neighbour[-reach_px:] if above else neighbour[:reach_px]
        edge = ghosted[:reach_px] if above else ghosted[-reach_px:]
        np.maximum(edge, seen * np.float32(min(1.0, darkness)), out=edge)
    return ghosted


def change_weight(strip: np.ndarray, weight: float, rng: np.random.Generator) -> np.ndarray:
    """Blend the strip with its erosion (weight below 0) or dilation (above 0)."""
    if weight < 0:
        share, other = min(1.0, -weight) * _MOST_THINNED, cv2.erode(strip, _CROSS)
    else:
        share, other = min(1.0, weight) * _MOST_THICKENED, cv2.dilate(strip, _CROSS)
    return _limit(cv2.addWeighted(strip, 1 - share, other, share, 0))


def blur(strip: np.ndarray, spread_px: float, rng: np.random.Generator) -> np.ndarray:
    """Apply a Gaussian blur."""
    return _limit(cv2.GaussianBlur(strip, (0, 0), spread_px * _px(strip)))


def lower_resolution(strip: np.ndarray, log_factor: float, rng: np.random.Generator) -> np.ndarray:
    """Scale down and up again, as in a scan of low resolution."""
    size = strip.shape[::-1]
    small = [max(1, round(length * math.exp(-log_factor))) for length in size]
    low = cv2.resize(strip, small, interpolation=cv2.INTER_AREA)
    return _limit(cv2.resize(low, size, interpolation=cv2.INTER_LINEAR))


def change_gamma(strip: np.ndarray, log_exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Raise the ink to a power: below 1 it darkens faint strokes, above 1 it fades them."""
    powers = _RAMP ** np.float32(math.exp(log_exponent))
    return cv2.LUT(cv2.convertScaleAbs(strip, alpha=255), powers)


def change_gain(strip: np.ndarray, change: float, rng: np.random.Generator) -> np.ndarray:
    """Make all ink darker or fainter by a share of itself."""
    return _limit(strip * np.float32(1 + change))


def add_grain(strip: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise to each pixel."""
    drawn = np.frombuffer(rng.bytes(strip.size), np.uint8).reshape(strip.shape)
    return _limit(strip + cv2.LUT(drawn, _NORMAL_OF_BYTE * np.float32(spread)))


def add_stains(strip: np.ndarray, darkness: float, rng: np.random.Generator) -> np.ndarray:
    """Add smooth stains that are wider than letters."""
    columns = math.ceil(strip.shape[1] / (_STAIN_COLUMN_PX * _px(strip)))
    coarse = rng.random((_STAIN_ROWS, columns + 1), dtype=np.float32)
    coarse = np.maximum(0, 2 * coarse - 1) * np.float32(darkness)
    return _limit(strip + cv2.resize(coarse, strip.shape[::-1], interpolation=cv2.INTER_LINEAR))


def cut_out(strip: np.ndarray, width_px: float, rng: np.random.Generator) -> np.ndarray:
    """Blank or smear narrow bars and small spots.

    After DeVries & Taylor, "Improved regularization of convolutional neural networks with
    cutout" (2017), but so narrow that the text stays readable.
    """
    cut = strip.copy()
    height_px, strip_px = strip.shape
    for _ in range(1 + rng.poisson(strip_px / (_CUTOUT_PITCH_PX * _px(strip)))):
        across_px = max(1, round(width_px * _px(strip)))
        left = int(rng.integers(strip_px))
        top, bottom = 0, height_px
        if rng.random() >= _BAR_SHARE:
            across_px *= 2
            top = int(rng.integers(height_px))
            bottom = top + across_px
        patch = cut[top:bottom, left : left + across_px]
        if rng.random() < _SMEARED_SHARE:
            patch += (1 - patch) * np.float32(rng.uniform(0.2, 0.7))
        else:
            patch[:] = 0
    return cut


def _px(strip: np.ndarray) -> float:
    return strip.shape[0] / REFERENCE_HEIGHT_PX


def _limit(strip: np.ndarray) -> np.ndarray:
    return np.clip(strip, 0, 1, out=strip)
