"""From a page image to line images, for ingest and transcribe alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from model.line_images.rectify import rectify_lines
from model.line_images.stored import ink_on_baselines
from schemas.records import Failure, LineImage, Page, Point, Polyline

# Level of the pixels outside of a line that was cut out along its outline.
_MASK = 0
_ASPECT_TOLERANCE = 0.01
# Where a point (x, y) of the pixels as stored, of a width and height, comes to lie: the
# orientations of EXIF 2.32 that swap width and height. Coordinates are those of pixel centres.
_TURNS = {
    5: lambda x, y, width, height: (y, x),
    6: lambda x, y, width, height: (height - 1 - y, x),
    7: lambda x, y, width, height: (height - 1 - y, width - 1 - x),
    8: lambda x, y, width, height: (y, width - 1 - x),
}
# Those that keep width and height.
_FLIPS = {
    2: lambda x, y, width, height: (width - 1 - x, y),
    3: lambda x, y, width, height: (width - 1 - x, height - 1 - y),
    4: lambda x, y, width, height: (x, height - 1 - y),
}
# Levels by which lines have to lie on the writing where they are turned, and how many times as much
# as where they are described: some lines lie on the writing either way.
_LEAST_INK, _LEAST_RATIO = 3.0, 2.0


def fit_to_image(page: Page, grey: np.ndarray, orientation: int = 1) -> Page:
    """Scale a page's coordinates to the size of its image, and turn them with it.

    Programs that ignore the EXIF orientation of a photograph draw lines on its pixels as stored.
    Where the orientation swaps width and height, the size that the description states tells;
    otherwise the lines are turned if only then they lie on writing.

    Args:
        page: A page whose coordinates may refer to a larger or smaller scan.
        grey: uint8 [height, width], the image, upright.
        orientation: In which its pixels are stored, 1 to 8 as in EXIF.

    Returns:
        The page in pixels of the image.

    Raises:
        ValueError: If page and image differ in aspect ratio, not only in size.

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
        return _on_writing(page, grey, orientation)
    if not _has_shape(page.width_px, page.height_px, width, height):
        is_swapped = _has_shape(page.height_px, page.width_px, width, height)
        if not is_swapped or orientation not in _TURNS:
            raise ValueError(_other_shape(page, width, height, is_swapped))
        page = _turned(page, _TURNS[orientation])
    return _on_writing(scale_page(page, width, height), grey, orientation)


def scale_page(page: Page, width_px: int, height_px: int) -> Page:
    """Scale a page's coordinates to an image of another size.

    Args:
        page: A page whose size is stated.
        width_px: Width of the image.
        height_px: Its height.

    Returns:
        The page in pixels of the image.

    Example:
        >>> from schemas.records import Line
        >>> page = Page("a.jpg", (Line("l1", 0, baseline=((0, 8), (20, 8))),), 40, 20)
        >>> scale_page(page, 20, 10).lines[0].baseline
        ((0.0, 4.0), (10.0, 4.0))
    """
    if (page.width_px, page.height_px) == (width_px, height_px):
        return page
    across, down = width_px / page.width_px, height_px / page.height_px

    def scaled(points: Polyline) -> Polyline:
        return tuple((x * across, y * down) for x, y in points)

    return _moved(page, scaled, width_px, height_px)


def _on_writing(page: Page, grey: np.ndarray, orientation: int) -> Page:
    """Turn lines that were drawn on the pixels as stored, where the size does not tell."""
    if orientation not in _FLIPS:
        return page
    height, width = grey.shape

    def flipped(points: Polyline) -> Polyline:
        turned = tuple(_FLIPS[orientation](x, y, width, height) for x, y in points)
        # Baselines are drawn from left to right also over writing that stands on its head.
        return turned[::-1] if turned and turned[0][0] > turned[-1][0] else turned

    turned = _moved(page, flipped, width, height)
    least = max(_LEAST_INK, _LEAST_RATIO * ink_on_baselines(grey, page.lines))
    return turned if ink_on_baselines(grey, turned.lines) > least else page


def _moved(page: Page, move: Callable[[Polyline], Polyline], width_px: int, height_px: int) -> Page:
    lines = tuple(
        replace(line, baseline=move(line.baseline), polygon=move(line.polygon))
        for line in page.lines
    )
    return replace(page, lines=lines, width_px=width_px, height_px=height_px)


def _turned(page: Page, turn: Callable[[float, float, float, float], Point]) -> Page:
    """Turn a page that was described as its pixels are stored."""
    width, height = page.width_px, page.height_px

    def turned(points: Polyline) -> Polyline:
        return tuple(turn(x, y, width, height) for x, y in points)

    return _moved(page, turned, height, width)


def _has_shape(width: float, height: float, of_width: float, of_height: float) -> bool:
    return abs(of_width * height / (of_height * width) - 1) <= _ASPECT_TOLERANCE


def _other_shape(page: Page, width: int, height: int, is_swapped: bool) -> str:
    error = f"image has {width} x {height} px but its lines were drawn on "
    error += f"{page.width_px} x {page.height_px}; "
    if is_swapped:
        return error + (
            "draw them on the image as its EXIF orientation turns it, or pair it with the "
            "right file"
        )
    return error + "pair it with the right file"


def crop_lines(page: Page, grey: np.ndarray, height_px: int) -> list[LineImage | Failure]:
    """Cut out every line of a page.

    Args:
        page: The page, in pixels of the image.
        grey: uint8 [height, width], the image.
        height_px: Height of the strips.

    Returns:
        For each line its image, or the reason why it has none.
    """
    return [
        Failure(page.uri, "crop", str(strip), line.line_id)
        if isinstance(strip, ValueError)
        else LineImage(page.uri, line, strip.image, strip.reach_px)
        for line, strip in zip(page.lines, rectify_lines(grey, page, height_px))
    ]


def paper_outside(grey: np.ndarray) -> np.ndarray:
    """Replace the black around a line that was cut out along its outline by its paper.

    Pure black that is connected to the edge of the image is outside, and so are the pixels
    next to it, which may be blended with it.

    Args:
        grey: uint8 [height_px, width_px], paper light, black outside of the outline.

    Returns:
        uint8 of the same shape; the image itself if it is only black and white, because ink
        that touches the black could not be distinguished from it.

    Example:
        >>> line = np.full((40, 200), 180, np.uint8)
        >>> line[:9], line[20:24, 50:90] = 0, 40
        >>> paper_outside(line)[[4, 22], 70].tolist()
        [180, 40]
    """
    if not ((grey > _MASK) & (grey < grey.max())).any():
        return grey
    framed = cv2.copyMakeBorder(grey, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=_MASK)
    height, width = framed.shape
    # OpenCV requires a mask with another pixel of margin.
    filled = np.zeros((height + 2, width + 2), np.uint8)
    cv2.floodFill(framed, filled, (0, 0), 0, 0, 0, 4 | cv2.FLOODFILL_MASK_ONLY | 1 << 8)
    outside = cv2.dilate(filled[1:-1, 1:-1], np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    if outside.all():
        return grey
    return np.where(outside, np.uint8(np.median(grey[~outside])), grey)
