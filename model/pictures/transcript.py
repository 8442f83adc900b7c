"""Visualisation of a page with its lines and their transcriptions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from model.pictures.lettering import draw_text
from schemas.records import Polyline

_INK = (170, 20, 20)
_BASELINE = (20, 90, 200)
_OUTLINE = (120, 170, 120)
# Text size as a share of the line pitch, and its bounds.
_TEXT_SHARE = 0.34
_SMALLEST_TEXT_PX, _LARGEST_TEXT_PX = 9, 60


def draw_transcript(
    grey: np.ndarray, lines: Sequence[tuple[Polyline, Polyline, str]]
) -> np.ndarray:
    """Draw outlines, baselines and texts on a faded page.

    Args:
        grey: uint8 [height, width], the page.
        lines: (baseline, polygon, text) of each line, in pixels of the page. A text is
            drawn below the left end of its baseline, or else of its polygon.

    Returns:
        uint8 [height, width, 3], RGB.
    """
    faded = (255 - (255 - grey.astype(np.float32)) * 0.75).astype(np.uint8)
    picture = Image.fromarray(np.stack([faded] * 3, axis=-1))
    draw = ImageDraw.Draw(picture)
    size_px = _text_size_px(grey.shape[0], lines)
    width_px = max(2, grey.shape[1] // 700)
    for baseline, polygon, text in lines:
        if len(polygon) >= 3:
            draw.line([*polygon, polygon[0]], fill=_OUTLINE, width=max(1, width_px // 2))
        if len(baseline) >= 2:
            draw.line(list(baseline), fill=_BASELINE, width=width_px)
        x, y = _text_place(baseline, polygon)
        draw_text(draw, (x, y + width_px), text, size_px, fill=_INK)
    return np.asarray(picture)


def _text_place(baseline: Polyline, polygon: Polyline) -> tuple[float, float]:
    if baseline:
        return min(baseline)
    if polygon:
        return min(x for x, _ in polygon), max(y for _, y in polygon)
    return 0.0, 0.0


def _text_size_px(height_px: int, lines) -> int:
    heights = sorted(
        y for baseline, polygon, _ in lines for _, y in [_text_place(baseline, polygon)]
    )
    gaps = np.diff(heights)
    pitch = float(np.median(gaps[gaps > 4])) if (gaps > 4).any() else height_px / 30
    return int(np.clip(pitch * _TEXT_SHARE, _SMALLEST_TEXT_PX, _LARGEST_TEXT_PX))
