"""What the line network says about a page, as numbers to work with."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# What the maps mean, in the order of the network's outputs.
CHANNELS = ("baseline", "start", "end", "above", "below")
# The reaches above and below the baseline come out of the network in this unit.
REACH_UNIT_PX = 16.0
# The maps are half as large as the image.
STRIDE_PX = 2

_LARGEST_LOGIT = 30.0


@dataclass(frozen=True, eq=False)
class LineMaps:
    """Maps of a page, each float32 [height, width] at half of the size that was worked on.

    Attributes:
        baseline: Chance that a baseline runs here.
        start: Chance that a line begins here.
        end: Chance that a line ends here.
        above: How far the line here reaches above its baseline, in pixels of the maps.
        below: How far it reaches below.
    """

    baseline: np.ndarray
    start: np.ndarray
    end: np.ndarray
    above: np.ndarray
    below: np.ndarray


def maps_of_logits(logits: np.ndarray) -> LineMaps:
    """Turn the output of the network into chances and lengths.

    Args:
        logits: float32 [5, height, width].

    Returns:
        The maps.
    """
    logits = np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)
    chances = 1 / (1 + cv2.exp(-np.ascontiguousarray(logits[:3]).reshape(3, -1)))
    lengths = np.logaddexp(0, logits[3:]) * np.float32(REACH_UNIT_PX / STRIDE_PX)
    maps = [*chances.reshape(logits[:3].shape), *lengths]
    return LineMaps(**dict(zip(CHANNELS, maps)))
