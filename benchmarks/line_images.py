"""Line images for the comparison of recognisers: the bounding box of each line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from model.images.decode import decode_image
from pipelines.descriptions.pairing import MarkupFile
from pipelines.descriptions.reading import ReadConfig, read_source
from pipelines.files.filesystem import BeamFiles
from schemas.records import Page, Polyline


def pick_evenly(items: Sequence, count: int) -> list:
    """Pick items that are evenly spread over all items.

    Args:
        items: Items to pick from.
        count: Number of items to pick; all are picked if there are fewer.

    Returns:
        The picked items, in order.

    Example:
        >>> pick_evenly("abcdefgh", 4)
        ['a', 'c', 'e', 'g']
    """
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]


def box_of(polygon: Polyline, height_px: int, width_px: int) -> tuple[int, int, int, int]:
    """Return the bounding box of a polygon, clipped to its page.

    Args:
        polygon: Points (x, y).
        height_px: Height of the page.
        width_px: Width of the page.

    Returns:
        Left, top, right and bottom; right and bottom are exclusive.

    Example:
        >>> box_of(((-2.0, 3.2), (40.5, 3.9), (20.0, 9.1)), 8, 100)
        (0, 3, 42, 8)
    """
    x, y = np.asarray(polygon).T
    left, top = max(0, int(x.min())), max(0, int(y.min()))
    return left, top, min(width_px, int(x.max()) + 2), min(height_px, int(y.max()) + 2)


def cut_line_images(markup: Sequence[str], count: int, folder: Path) -> int:
    """Write lines of some pages as grey PNG files, at the resolution of the page images.

    Args:
        markup: PAGE or ALTO files with their images beside them.
        count: Number of lines to write, evenly spread over all lines that have a polygon.
        folder: Folder to write to; created if missing.

    Returns:
        Number of lines that were written.
    """
    lines = []
    for path in sorted(markup):
        (page,) = read_source(MarkupFile(path), ReadConfig(), BeamFiles())
        if isinstance(page, Page):
            lines += [(page.uri, line.polygon) for line in page.lines if line.polygon]
    picked = pick_evenly(lines, count)
    folder.mkdir(parents=True, exist_ok=True)
    opened, grey = "", np.empty((0, 0), np.uint8)
    for number, (uri, polygon) in enumerate(picked):
        if uri != opened:
            opened, grey = uri, decode_image(Path(uri).read_bytes())
        left, top, right, bottom = box_of(polygon, *grey.shape)
        png = cv2.imencode(".png", grey[top:bottom, left:right])[1]
        Path(folder, f"{number:04}.png").write_bytes(png.tobytes())
    return len(picked)
