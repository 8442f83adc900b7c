"""Visualisation of a page with its lines, their order and their regions."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from schemas.records import Line, Polyline

# Distinguishable with colour blindness, too (Okabe & Ito, "Color Universal Design", 2008). They
# repeat after five regions.
_COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0))
_MOST_HEIGHT_PX, _MOST_WIDTH_PX = 1600, 4800
_OPACITY = 0.75
_BASELINE_SHARE, _OUTLINE_PX = 1 / 550, 1
_NUMBER_PX, _ROOM_PX = 15, 2
_JPEG_QUALITY = 85


def draw_lines(grey: np.ndarray, lines: Iterable[Line]) -> np.ndarray:
    """Draw lines on a faded page, in one colour per region, numbered in reading order.

    Args:
        grey: uint8 [height_px, width_px], the page.
        lines: In pixels of the page; numbered from 1 by their `index`.

    Returns:
        uint8 [height_px, width_px, 3], RGB; scaled down if the page is higher than 1600 px
        or wider than 4800 px.

    Example:
        >>> line = Line("l1", 0, baseline=((200, 900), (1800, 900)))
        >>> draw_lines(np.full((3200, 2000), 250, np.uint8), [line]).shape
        (1600, 1000, 3)
    """
    lines = list(lines)
    picture, scale = _faded(grey)
    draw = ImageDraw.Draw(picture)
    baseline_px = max(2, round(picture.height * _BASELINE_SHARE))
    regions = {region_id: i for i, region_id in enumerate(dict.fromkeys(_regions(lines)))}
    colours = [_COLOURS[regions[region_id] % len(_COLOURS)] for region_id in _regions(lines)]
    for line, colour in zip(lines, colours):
        outline, baseline = _scaled(line.polygon, scale), _scaled(line.baseline, scale)
        if len(outline) >= 3:
            draw.line([*outline, outline[0]], fill=colour, width=_OUTLINE_PX)
        if len(baseline) >= 2:
            draw.line(baseline, fill=colour, width=baseline_px)
    # The numbers are drawn last, so that no line crosses them.
    font = ImageFont.load_default(_NUMBER_PX)
    for line, colour in zip(lines, colours):
        start = _scaled(line.baseline or line.polygon, scale)[:1] or [(0.0, 0.0)]
        _draw_number(draw, str(line.index + 1), start[0], colour, font, picture.size)
    return np.asarray(picture)


def lines_jpeg(grey: np.ndarray, lines: Iterable[Line]) -> bytes:
    """Return the picture that `draw_lines` draws as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(draw_lines(grey, lines)).save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def _faded(grey: np.ndarray) -> tuple[Image.Image, np.ndarray]:
    """Return the page scaled down and faded, and the scale factors of x and y."""
    height_px, width_px = grey.shape
    factor = min(1.0, _MOST_HEIGHT_PX / height_px, _MOST_WIDTH_PX / width_px)
    size = max(1, round(width_px * factor)), max(1, round(height_px * factor))
    picture = Image.fromarray(grey).resize(size, Image.Resampling.BOX)
    faded = picture.point([round(255 - (255 - shade) * _OPACITY) for shade in range(256)])
    return faded.convert("RGB"), np.array(size) / [width_px, height_px]


def _regions(lines: list[Line]) -> list[str]:
    return [line.region_id for line in lines]


def _scaled(points: Polyline, scale: np.ndarray) -> list[tuple[float, float]]:
    return [(x * scale[0], y * scale[1]) for x, y in points]


def _draw_number(draw, number: str, start, colour, font, size: tuple[int, int]) -> None:
    """Draw a number in a box left of a line's start, or as near as fits on the picture."""
    left, top, right, bottom = font.getbbox(number)
    width_px, height_px = right - left + 2 * _ROOM_PX, bottom - top + 2 * _ROOM_PX
    x = min(max(start[0] - width_px - _ROOM_PX, 0), max(size[0] - width_px, 0))
    y = min(max(start[1] - height_px / 2, 0), max(size[1] - height_px, 0))
    draw.rectangle((x, y, x + width_px, y + height_px), fill=colour)
    draw.text((x + _ROOM_PX - left, y + _ROOM_PX - top), number, fill=(255, 255, 255), font=font)
