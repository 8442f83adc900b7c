"""The output of the line network as maps of probabilities and distances."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Names of the maps, in the order of the network's outputs.
CHANNELS = ("baseline", "start", "end", "above", "below")
# Unit in which the network predicts the reaches above and below the baseline.
REACH_UNIT_PX = 16.0
# The maps are half as large as the image.
STRIDE_PX = 2

_LARGEST_LOGIT = 30.0


@dataclass(frozen=True, eq=False)
class LineMaps:
    """Maps of a page, each float32 [height, width], half the size of the network's input.

    Attributes:
        baseline: Probability that a baseline runs here.
        start: Probability that a line begins here.
        end: Probability that a line ends here.
        above: How far the line here reaches above its baseline, in pixels of the maps.
        below: How far it reaches below its baseline, in pixels of the maps.
    """

    baseline: np.ndarray
    start: np.ndarray
    end: np.ndarray
    above: np.ndarray
    below: np.ndarray


def maps_of_logits(logits: np.ndarray) -> LineMaps:
    """Convert logits of the network to probabilities and distances.

    Args:
        logits: float32 [5, height, width].

    Returns:
        The maps.
    """
    logits = np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)
    probabilities = 1 / (1 + cv2.exp(-np.ascontiguousarray(logits[:3]).reshape(3, -1)))
    lengths = np.logaddexp(0, logits[3:]) * np.float32(REACH_UNIT_PX / STRIDE_PX)
    maps = [*probabilities.reshape(logits[:3].shape), *lengths]
    return LineMaps(**dict(zip(CHANNELS, maps)))
