"""The levels at which a page is searched for lines: the same page at a few fixed sizes.

Writing of any size has a height that suits the network at one of them, and nothing has to be known
about the page beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from model.images.background import even_background
from model.images.resize import resize

# Pixels of the finest level at most, and how much smaller each next one is, in width and height.
FINEST_PIXELS = 2_200_000
LEVEL_STEP = 2.5
LEVELS = 3
# Largest factor by which a small page is enlarged.
MOST_ENLARGED = 2.0
# Coarser levels with a shorter side than this are left out.
_LEAST_SIDE_PX = 24
# Ink at this percentile is scaled to 255, unless it is fainter than the limit.
_INK_PERCENTILE, _LEAST_INK = 99.0, 40.0


@dataclass(frozen=True, eq=False)
class Level:
    """A page at one size, as input of the network.

    Attributes:
        ink: uint8 [height_px, width_px], paper 0, the page's dark strokes 255.
        scale: float [2], pixels of the page per pixel of `ink`, across and down.
    """

    ink: np.ndarray
    scale: np.ndarray

    def to_page(self) -> np.ndarray:
        """Return the homography from pixels of `ink` to those of the page, float [3, 3]."""
        matrix = np.diag([*self.scale, 1.0])
        # Coordinates refer to pixel centres.
        matrix[:2, 2] = (self.scale - 1) / 2
        return matrix


def page_levels(
    grey: np.ndarray, finest_pixels: int = FINEST_PIXELS, most_enlarged: float = MOST_ENLARGED
) -> list[Level]:
    """Return a page at the sizes at which it is searched.

    Each level evens its own background, since what counts as background depends on the size of
    the writing that is looked for.

    Args:
        grey: uint8 [height_px, width_px], dark ink on light paper.
        finest_pixels: Pixels of the finest level at most.
        most_enlarged: Largest factor by which a small page is enlarged.

    Returns:
        The levels, the finest first; at least one.
    """
    levels: list[Level] = []
    shrunk, factor = grey, min(float(np.sqrt(finest_pixels / grey.size)), most_enlarged)
    for _ in range(LEVELS):
        # From the finer level before it, which is fast and just as good.
        shrunk = resize(shrunk, factor)
        if levels and min(shrunk.shape) < _LEAST_SIDE_PX:
            break
        scale = np.array([grey.shape[1] / shrunk.shape[1], grey.shape[0] / shrunk.shape[0]])
        levels.append(Level(to_ink(shrunk), scale))
        factor = 1 / LEVEL_STEP
    return levels


def to_ink(grey: np.ndarray) -> np.ndarray:
    """Normalise the background of a page and stretch the contrast of its ink.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        uint8 of the same shape: paper 0, the page's dark strokes 255.
    """
    ink = 255 - even_background(grey)
    full = max(_LEAST_INK, float(np.percentile(ink, _INK_PERCENTILE)))
    return cv2.convertScaleAbs(ink, alpha=255 / full)
