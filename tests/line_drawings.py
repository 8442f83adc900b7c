"""Lines and maps that tests of the line finder are made of."""

from __future__ import annotations

import numpy as np

from model.segmentation.maps import LineMaps, maps_of_targets
from model.training.lines.targets import TargetLine, draw_targets

PITCH_PX = 24


def level_line(left, right, y, slope=0.0, above_px=14.0, below_px=6.0) -> TargetLine:
    """Make a straight line that is y high in its middle."""
    xs = np.linspace(left, right, 20)
    ys = y + slope * (xs - (left + right) / 2)
    return TargetLine(np.stack([xs, ys], axis=1), above_px, below_px)


def drawn_maps(lines, shape=(320, 320)) -> LineMaps:
    """Draw maps that know the lines."""
    return maps_of_targets(draw_targets(lines, shape, PITCH_PX, complete=True))


def paths_px(found) -> list[np.ndarray]:
    """Bring found baselines from pixels of the maps to those of the image."""
    return [(line.path + 0.5) * 2 - 0.5 for line in found]
