"""Pages, lines and maps for tests of the line finder."""

from __future__ import annotations

import numpy as np

from model.segmentation.maps import CHANNELS, REACH_UNIT_PX, STRIDE_PX, LineMaps
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from model.training.lines.targets import TargetLine, draw_targets
from schemas.records import Page

PITCH_PX = 24


def drawn_page(seed: int = 0, count: int = 8) -> tuple[np.ndarray, Page]:
    """Draw a page with so many lines of writing, and return it with its description."""
    rng = np.random.default_rng(seed)
    return draw_page([compose_text(rng, 24) for _ in range(count)], rng)


def level_line(left, right, y, slope=0.0, above_px=14.0, below_px=6.0) -> TargetLine:
    """Return a straight line with its middle at height y."""
    xs = np.linspace(left, right, 20)
    ys = y + slope * (xs - (left + right) / 2)
    return TargetLine(np.stack([xs, ys], axis=1), above_px, below_px)


def drawn_maps(lines, shape=(320, 320)) -> LineMaps:
    """Draw the maps of known lines."""
    return maps_of_targets(draw_targets(lines, shape, complete=True))


def paths_px(found) -> list[np.ndarray]:
    """Return found baselines in pixels of the image."""
    return [(line.path + 0.5) * 2 - 0.5 for line in found]


def maps_of_targets(targets: np.ndarray) -> LineMaps:
    """Convert training targets to maps as if the network had predicted them.

    Args:
        targets: float32 [height, width, 6], drawn by `draw_targets`.

    Returns:
        The maps.
    """
    maps = [np.ascontiguousarray(targets[..., i]) for i in range(len(CHANNELS))]
    unit = np.float32(REACH_UNIT_PX / STRIDE_PX)
    return LineMaps(*maps[:3], *(reach * unit for reach in maps[3:]))
