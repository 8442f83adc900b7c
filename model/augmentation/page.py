"""Random augmentation of page crops for the line finder: geometry, shading, bleed-through."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class PageAugmentConfig:
    """Strengths of the augmentation of page crops.

    Attributes:
        height_px: Least and greatest height of the line that a crop is made for.
        rotation: Standard deviation of the rotation, in radians.
        stretch: Standard deviation of the logarithm of the change of the aspect ratio.
        perspective: Greatest distance by which a corner moves, as a share of the side.
        turned: Share of crops that are rotated by one to three quarter turns; there are no
            lines to find on them.
        composed: Share of crops of which one side is replaced by that of another.
        gamma: Standard deviation of the logarithm of the exponent on the ink.
        gain: Standard deviation of the logarithm of the factor on the ink.
        ruled: Greatest darkness of drawn rules, level or upright.
        shading: Greatest darkness of smooth stains.
        bleed_through: Greatest darkness of the mirrored writing of the verso.
        blur_px: Greatest standard deviation of a Gaussian blur.
        noise: Greatest standard deviation of noise.
        share: Share of crops to which each change of the ink is applied.
    """

    height_px: tuple[float, float] = (10.0, 54.0)
    rotation: float = 0.035
    stretch: float = 0.08
    perspective: float = 0.04
    turned: float = 0.08
    composed: float = 0.2
    gamma: float = 0.35
    gain: float = 0.4
    ruled: float = 0.8
    shading: float = 0.25
    bleed_through: float = 0.45
    blur_px: float = 1.0
    noise: float = 0.06
    share: float = 0.35


def draw_height_px(config: PageAugmentConfig, rng: np.random.Generator) -> float:
    """Draw the height of a line that a crop is scaled to, uniform in its logarithm."""
    low, high = config.height_px
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def draw_homography(
    centre: np.ndarray,
    scale: float,
    side_px: int,
    quarter_turns: int,
    config: PageAugmentConfig,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the homography from a page to a crop.

    Args:
        centre: float [2], the point of the page in the middle of the crop.
        scale: Pixels of the crop per pixel of the page.
        side_px: Side of the crop.
        quarter_turns: Number of rotations by 90 degrees.
        config: The strengths.
        rng: Random number generator.

    Returns:
        float64 [3, 3], from pixels of the page to those of the crop.
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
    perspective = cv2.getPerspectiveTransform(corners, (corners + moved).astype(np.float32))
    return perspective @ affine


def change_ink(
    ink: np.ndarray, back: np.ndarray, config: PageAugmentConfig, rng: np.random.Generator
) -> np.ndarray:
    """Change the ink and paper of a crop.

    Args:
        ink: float32 [side, side], paper 0, ink 1.
        back: Another crop of the same size, as the verso that bleeds through.
        config: The strengths.
        rng: Random number generator.

    Returns:
        A new crop of the same shape and range.
    """
    applied = rng.random(7) < config.share
    if applied[0]:
        ink = np.power(ink, np.float32(math.exp(rng.normal(0, config.gamma))))
    if applied[1]:
        bleed_through = cv2.GaussianBlur(back[:, ::-1], (0, 0), rng.uniform(0.5, 2.0))
        ink = np.maximum(ink, bleed_through * np.float32(rng.uniform(0, config.bleed_through)))
    if applied[2]:
        coarse = rng.uniform(-1, 1, (4, 4)).astype(np.float32) * np.float32(config.shading)
        ink = ink + np.maximum(
            0, cv2.resize(coarse, ink.shape[::-1], interpolation=cv2.INTER_CUBIC)
        )
    if applied[6]:
        ink = _draw_rules(ink, config, rng)
    if applied[3]:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, max(0.31, config.blur_px)))
    if applied[4]:
        spread = np.float32(rng.uniform(0, config.noise))
        ink = ink + rng.standard_normal(ink.shape, dtype=np.float32) * spread
    if applied[5]:
        ink = ink * np.float32(math.exp(rng.normal(0, config.gain)))
    return np.clip(ink, 0, 1).astype(np.float32)


def _draw_rules(ink: np.ndarray, config: PageAugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """Draw ruled lines: of a ruled sheet, of the columns of a register, or both."""
    side_px, rules = ink.shape[0], np.zeros(ink.shape, np.uint8)
    for upright in (False, True):
        if rng.random() < 0.4:
            continue
        step_px = math.exp(rng.uniform(math.log(12), math.log(160)))
        slope, place = rng.normal(0, 0.01), rng.uniform(0, step_px)
        regular, width_px = rng.random() < 0.6, int(rng.integers(1, 4))
        while place < side_px:
            ends = np.array([[0, place], [side_px, place + slope * side_px]])
            first, last = np.round((ends[:, ::-1] if upright else ends) * 16).astype(int)
            cv2.line(
                rules, tuple(map(int, first)), tuple(map(int, last)), 255, width_px, cv2.LINE_AA, 4
            )
            place += step_px if regular else step_px * math.exp(rng.normal(0, 0.6))
    darkness = np.float32(rng.uniform(0, config.ruled) / 255)
    return np.maximum(ink, rules.astype(np.float32) * darkness)
