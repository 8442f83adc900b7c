"""Whether lines lie on the writing, to tell which way round a page was described."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from schemas.records import Line

_SAMPLES = 64
# Of the height of a page, where a line has no polygon: less than that of its letters.
_BAND_SHARE = 0.01
_SMALLEST_BAND_PX = 3


def ink_on_baselines(grey: np.ndarray, lines: Iterable[Line]) -> float:
    """Return how much darker it is above the baselines of a page than below them.

    Args:
        grey: uint8 [height_px, width_px], ink dark.
        lines: Its lines, in pixels.

    Returns:
        Mean difference in levels: clearly positive where baselines carry writing, and negative
        or near 0 where they lie elsewhere; 0 without baselines.

    Example:
        >>> grey = np.full((100, 200), 230, np.uint8)
        >>> grey[30:40, 10:190:4] = 30
        >>> [round(ink_on_baselines(grey, [Line("l", 0, baseline=((10, y), (190, y)))]))
        ...  for y in (40, 29)]
        [28, -28]
    """
    found = [_of_line(grey, line) for line in lines if len(line.baseline) > 1]
    return float(np.mean(found)) if found else 0.0


def _of_line(grey: np.ndarray, line: Line) -> float:
    height_px, width_px = grey.shape
    across, down = np.array(line.baseline, float).T
    order = np.argsort(across, kind="stable")
    x = np.linspace(across.min(), across.max(), _SAMPLES)
    y = np.interp(x, across[order], down[order])
    heights = [point[1] for point in line.polygon]
    tall_px = (max(heights) - min(heights)) / 4 if heights else height_px * _BAND_SHARE
    reach = np.arange(1, max(round(tall_px), _SMALLEST_BAND_PX) + 1)
    columns = np.clip(np.rint(x).astype(int), 0, width_px - 1)
    above, below = (
        grey[np.clip(np.rint(y + sign * reach[:, None]).astype(int), 0, height_px - 1), columns]
        for sign in (-1, 1)
    )
    return float(below.mean() - above.mean())
