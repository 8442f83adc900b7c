"""From a page image to line images: what ingest and transcribe both do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.line_images.rectify import rectify_page
from schemas.records import Failure, LineImage, Page, Polyline

_ASPECT_TOLERANCE = 0.01


def fit_to_image(page: Page, grey: np.ndarray) -> Page:
    """Bring a page's coordinates to the image that is really there.

    Args:
        page: A page whose coordinates may refer to a larger or smaller scan.
        grey: uint8 [height, width], the image.

    Returns:
        The page in pixels of the image.

    Raises:
        ValueError: If page and image differ in shape, not only in size.

    Example:
        >>> from schemas.records import Line
        >>> page = Page("a.jpg", (Line("l1", 0, baseline=((0, 8), (20, 8))),), 40, 20)
        >>> fit_to_image(page, np.zeros((10, 20), np.uint8)).lines[0].baseline
        ((0.0, 4.0), (10.0, 4.0))
    """
    height, width = grey.shape
    if not (page.width_px and page.height_px):
        return replace(page, width_px=width, height_px=height)
    if (page.width_px, page.height_px) == (width, height):
        return page
    across, down = width / page.width_px, height / page.height_px
    if abs(across / down - 1) > _ASPECT_TOLERANCE:
        raise ValueError(
            f"image has {width} x {height} px but its lines were drawn on "
            f"{page.width_px} x {page.height_px}; pair it with the right file"
        )

    def scaled(points: Polyline) -> Polyline:
        return tuple((x * across, y * down) for x, y in points)

    lines = tuple(
        replace(line, baseline=scaled(line.baseline), polygon=scaled(line.polygon))
        for line in page.lines
    )
    return replace(page, lines=lines, width_px=width, height_px=height)


def crop_lines(page: Page, grey: np.ndarray, height_px: int) -> list[LineImage | Failure]:
    """Cut out every line of a page.

    Args:
        page: The page, in pixels of the image.
        grey: uint8 [height, width], the image.
        height_px: Height of the strips.

    Returns:
        For each line its image, or why it has none.
    """
    return [
        Failure(page.uri, "crop", str(strip), line.line_id)
        if isinstance(strip, ValueError)
        else LineImage(page.uri, line, strip)
        for line, strip in zip(page.lines, rectify_page(grey, page, height_px))
    ]
