"""What may happen to a piece of page in training: moved, bent, shaded, shone through."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class PageAugmentConfig:
    """Set how far pieces of pages are changed.

    Attributes:
        pitch_px: Least and greatest line pitch.
        rotation: Spread of the turn, in radians.
        stretch: Spread of the logarithm of width over height.
        perspective: How far a corner moves, as a share of the side.
        turned: Share of pieces that lie on a side or on their head; there is nothing to
            find on them.
        gamma: Spread of the logarithm of the exponent on the ink.
        gain: Spread of the logarithm of the factor on the ink.
        shading: Greatest darkness of smooth stains.
        bleed_through: Greatest darkness of the back's writing, mirrored.
        blur_px: Greatest spread of a blur.
        noise: Greatest spread of noise.
        share: Share of pieces that each of the changes of ink happens to.
    """

    pitch_px: tuple[float, float] = (17.0, 40.0)
    rotation: float = 0.035
    stretch: float = 0.08
    perspective: float = 0.04
    turned: float = 0.1
    gamma: float = 0.35
    gain: float = 0.25
    shading: float = 0.25
    bleed_through: float = 0.45
    blur_px: float = 1.0
    noise: float = 0.06
    share: float = 0.35


def draw_pitch_px(config: PageAugmentConfig, rng: np.random.Generator) -> float:
    """Draw the line pitch that a piece is scaled to, even on the logarithm."""
    low, high = config.pitch_px
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def draw_homography(
    centre: np.ndarray,
    scale: float,
    side_px: int,
    quarter_turns: int,
    config: PageAugmentConfig,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw how a piece is taken from a page.

    Args:
        centre: float [2], the place on the page that comes to the middle.
        scale: Pixels of the piece to one of the page.
        side_px: Side of the piece.
        quarter_turns: How often it is turned by 90 degrees.
        config: How far it may be changed.
        rng: Source of chance.

    Returns:
        float64 [3, 3], from pixels of the page to those of the piece.
    """
    angle = rng.normal(0, config.rotation) + quarter_turns * math.pi / 2
    stretch = math.exp(rng.normal(0, config.stretch) / 2)
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([stretch, 1 / stretch])
    middle = (side_px - 1) / 2
    affine = np.eye(3)
    affine[:2, :2] = linear
    affine[:2, 2] = middle - linear @ centre
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * (side_px - 1)
    moved = rng.uniform(-1, 1, (4, 2)) * config.perspective * side_px
    bend = cv2.getPerspectiveTransform(corners, (corners + moved).astype(np.float32))
    return bend @ affine


def change_ink(
    ink: np.ndarray, back: np.ndarray, config: PageAugmentConfig, rng: np.random.Generator
) -> np.ndarray:
    """Change a piece's ink and paper.

    Args:
        ink: float32 [side, side], paper 0, ink 1.
        back: Another piece of the same size, to shine through from the back.
        config: How far it may be changed.
        rng: Source of chance.

    Returns:
        A new piece of the same shape and range.
    """
    happens = rng.random(6) < config.share
    if happens[0]:
        ink = np.power(ink, np.float32(math.exp(rng.normal(0, config.gamma))))
    if happens[1]:
        shine = cv2.GaussianBlur(back[:, ::-1], (0, 0), rng.uniform(0.5, 2.0))
        ink = np.maximum(ink, shine * np.float32(rng.uniform(0, config.bleed_through)))
    if happens[2]:
        coarse = rng.uniform(-1, 1, (4, 4)).astype(np.float32) * np.float32(config.shading)
        ink = ink + np.maximum(
            0, cv2.resize(coarse, ink.shape[::-1], interpolation=cv2.INTER_CUBIC)
        )
    if happens[3]:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, max(0.31, config.blur_px)))
    if happens[4]:
        spread = np.float32(rng.uniform(0, config.noise))
        ink = ink + rng.standard_normal(ink.shape, dtype=np.float32) * spread
    if happens[5]:
        ink = ink * np.float32(math.exp(rng.normal(0, config.gain)))
    return np.clip(ink, 0, 1).astype(np.float32)
