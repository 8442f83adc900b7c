"""Random augmentation of a training line, as by another hand, pen, scan or crop."""

from __future__ import annotations

import numpy as np

from model.augmentation.config import AugmentConfig
from model.augmentation.geometry import draw_warp, warp_strip
from model.augmentation.ink import (
    add_ghosts,
    add_grain,
    add_stains,
    blur,
    change_gain,
    change_gamma,
    change_weight,
    cut_out,
    lower_resolution,
)

# In the order of their physical causes: the page's ink, the pen, the scan, the paper.
_INK_STEPS = (
    ("ghost", add_ghosts),
    ("stroke", change_weight),
    ("blur", blur),
    ("resolution", lower_resolution),
    ("gamma", change_gamma),
    ("gain", change_gain),
    ("grain", add_grain),
    ("stain", add_stains),
    ("cutout", cut_out),
)


def augment(strip: np.ndarray, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """Augment a line at random; a generator in the same state gives the same line.

    Args:
        strip: float32 [height_px, width_px], ink 1, paper 0: a line at the height of the
            network's input, before it is padded to its width.
        config: The steps, and how strong they are.
        rng: Random number generator.

    Returns:
        float32 [height_px, another width], ink 0..1; the strip itself if no step is applied.

    Raises:
        ValueError: If the strip is not such an array.

    Example:
        >>> strip = np.zeros((48, 300), np.float32)
        >>> augment(strip, AugmentConfig(), np.random.default_rng(0)).shape
        (48, 296)
    """
    if strip.ndim != 2 or not strip.size or strip.dtype != np.float32:
        raise ValueError(
            f"{strip.dtype} {list(strip.shape)} is not a strip; give float32 [height, width]"
        )
    changed = warp_strip(strip, draw_warp(strip.shape, config, rng))
    for name, step in _INK_STEPS:
        strength = getattr(config, name).draw(rng)
        if strength:
            changed = step(changed, strength, rng)
    return changed
