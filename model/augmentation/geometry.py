"""Geometric augmentation of a line: all steps that move ink, in a single resampling.

The random offsets follow Simard, Steinkraus & Platt, "Best practices for convolutional neural
networks applied to visual document analysis" (2003), but on a coarse grid that is interpolated, as
in Wigington et al., "Data augmentation for recognition of handwritten words and lines using a
CNN-LSTM network" (2017), which is cheaper than smoothing noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from model.augmentation.config import REFERENCE_HEIGHT_PX, AugmentConfig

_GRID_ROWS = 4
_GRID_COLUMN_PX = 24
# Bounds the rotation of a long line, so that its ends stay in the frame.
_MOST_RISE_PX = 4.0


@dataclass(frozen=True)
class Warp:
    """A geometric transformation of a strip.

    Attributes:
        width_px: Width of the new strip.
        stretch: Factors on the width and the height of the writing.
        slant: Slant, as dx/dy.
        rise_px: Distance by which the line's ends move, one up and one down.
        before_px: Paper before the writing.
        rows_px: Rows of the old strip at which the frame of the new one begins and ends.
        offsets_px: float32 [4, columns, 2], offsets (x, y) on a coarse grid, if there are any.
    """

    width_px: int
    stretch: tuple[float, float]
    slant: float
    rise_px: float
    before_px: float
    rows_px: tuple[float, float]
    offsets_px: np.ndarray | None = field(compare=False)


def draw_warp(shape: tuple[int, int], config: AugmentConfig, rng: np.random.Generator) -> Warp:
    """Draw a random warp for a strip.

    Args:
        shape: Height and width of the strip, in px.
        config: The steps.
        rng: Random number generator.

    Returns:
        The warp.
    """
    height_px, width_px = shape
    px = height_px / REFERENCE_HEIGHT_PX
    stretch = math.exp(config.width.draw(rng)), math.exp(config.height.draw(rng))
    slant = config.slant.draw(rng)
    most_px = _MOST_RISE_PX * px
    rise_px = float(np.clip(config.rotation.draw(rng) * width_px / 2, -most_px, most_px))
    shift_px = config.shift.draw(rng) * px
    rows_px = (config.frame.draw(rng) * px, height_px + config.frame.draw(rng) * px)
    # Slanted letters need room at both ends.
    slant_px = math.ceil(abs(slant) * height_px / 2)
    before_px, after_px = (config.ends.draw(rng) * px + slant_px for _ in range(2))
    new_width_px = max(1, round(width_px * stretch[0] + before_px + after_px))
    return Warp(
        width_px=new_width_px,
        stretch=stretch,
        slant=slant,
        rise_px=rise_px,
        before_px=before_px,
        rows_px=(rows_px[0] - shift_px, rows_px[1] - shift_px),
        offsets_px=_draw_offsets(new_width_px, config.elastic.draw(rng) * px, px, rng),
    )


def _draw_offsets(
    width_px: int, spread_px: float, px: float, rng: np.random.Generator
) -> np.ndarray | None:
    if not spread_px:
        return None
    columns = math.ceil(width_px / (_GRID_COLUMN_PX * px))
    # Uniform, as the tails of a normal distribution would make some letters illegible.
    drawn = rng.random((_GRID_ROWS, columns, 2), dtype=np.float32)
    return (drawn - np.float32(0.5)) * np.float32(spread_px * math.sqrt(12))


def warp_strip(strip: np.ndarray, warp: Warp) -> np.ndarray:
    """Apply a warp to a strip, with bicubic interpolation.

    Args:
        strip: float32 [height_px, width_px], ink 1, paper 0.
        warp: The warp.

    Returns:
        float32 [height_px, warp.width_px]; the strip itself if nothing moves.
    """
    height_px, width_px = strip.shape
    identity = Warp(width_px, (1.0, 1.0), 0.0, 0.0, 0.0, (0, height_px), None)
    if warp == identity and warp.offsets_px is None:
        return strip
    middle = (height_px - 1) / 2
    columns = np.arange(warp.width_px, dtype=np.float32)
    rows = np.arange(height_px, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, warp.width_px, dtype=np.float32) if warp.width_px > 1 else columns
    top, bottom = warp.rows_px
    source_rows = top + (rows + 0.5) * ((bottom - top) / height_px) - 0.5
    down = (source_rows - middle) / warp.stretch[1] + middle
    along = (columns + 0.5 - warp.before_px) / warp.stretch[0] - 0.5
    from_px = np.empty((height_px, warp.width_px, 2), np.float32)
    np.add(along, warp.slant * (rows - middle), out=from_px[..., 0])
    np.add(down, warp.rise_px * across, out=from_px[..., 1])
    if warp.offsets_px is not None:
        size = (warp.width_px, height_px)
        from_px += cv2.resize(warp.offsets_px, size, interpolation=cv2.INTER_CUBIC)
    warped = cv2.remap(strip, from_px, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    return np.clip(warped, 0, 1, out=warped)
