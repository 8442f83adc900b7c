"""From a page to level strips, sampled along baselines and their normals."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from model.geometry.extent import LineExtent, baseline_path, line_extents
from model.geometry.polylines import arc_lengths, resample, up_normals
from model.images.background import even_background
from model.images.resize import resize_to
from model.line_images.sampling import sample
from model.line_images.writing import Network, default_writing_network, measure_reaches
from schemas.records import Line, Page

WIDEST_STRIP_PX = 16_384
# Increment with each change to the look of strips, so that pages are processed again.
RECTIFY_VERSION = 3

_NARROWEST_STRIP_PX = 8
_PAPER = 255
# Ink between these percentiles is stretched to the full range, unless contrast is too low.
_PAPER_PERCENTILE, _INK_PERCENTILE = 30.0, 98.5
_LEAST_CONTRAST = 32.0
# Of the width and of the height of a line that must lie on the page.
_LEAST_SHARE_ON_PAGE = 0.25
# Without a baseline a polygon must be at least this share of a line high to show its letters.
_THINNEST_SHARE = 0.35


@dataclass(frozen=True, eq=False)
class Strip:
    """A line that was cut out.

    Attributes:
        image: uint8 [height_px, width_px], paper 255.
        reach_px: How far it reaches above and below its baseline, in pixels of the page; None
            for a whole image.
    """

    image: np.ndarray
    reach_px: tuple[float, float] | None


def rectify_page(
    grey: np.ndarray, page: Page, height_px: int, network: Network | None = None
) -> list[np.ndarray | ValueError]:
    """Cut every line of a page into a level strip, as `rectify_lines` does.

    Returns:
        For each line its strip, uint8 [height_px, width_px] with paper 255, or the
        reason why there is none.
    """
    lines = rectify_lines(grey, page, height_px, network)
    return [line.image if isinstance(line, Strip) else line for line in lines]


def rectify_lines(
    grey: np.ndarray, page: Page, height_px: int, network: Network | None = None
) -> list[Strip | ValueError]:
    """Cut every line of a page into a level strip.

    Args:
        grey: uint8 [height, width], the page image.
        page: Its lines, in pixels of that image.
        height_px: Height of the strips.
        network: Measures how large the writing is; None for the one that comes with the package.

    Returns:
        For each line its strip, or the reason why there is none.
    """
    evened = even_background(grey)
    # Lines with garbage coordinates must not influence the extents of the others.
    near = [line for line in page.lines if _lies_on(line, grey.shape) and not _is_spike(line)]
    paths = [baseline_path(line) for line in near]
    writing_px = measure_reaches(evened, paths, network or default_writing_network())
    extents = dict(zip((id(line) for line in near), line_extents(near, writing_px)))
    strips: list[Strip | ValueError] = []
    for line in page.lines:
        extent = extents.get(id(line))
        try:
            if line.fault:
                raise ValueError(line.fault)
            if not (line.baseline or line.polygon):
                strip = scale_whole(evened, height_px)
            elif _is_spike(line):
                raise ValueError("polygon has no area and there is no baseline; draw one")
            elif id(line) in extents:
                _check_thickness(line, extent)
                strip = cut_strip(evened, extent, height_px)
            else:
                size = " x ".join(map(str, grey.shape[::-1]))
                raise ValueError(f"line lies outside of the page of {size} px; correct its points")
            reach_px = (extent.above_px, extent.below_px) if extent else None
            strips.append(Strip(stretch_contrast(strip), reach_px))
        except ValueError as error:
            strips.append(error)
    return strips


def _check_thickness(line: Line, extent: LineExtent | None) -> None:
    """Reject a thin polygon without a baseline, as the letters may lie on either side of it."""
    if extent is None or line.baseline:
        return
    thickness_px = cv2.contourArea(np.array(line.polygon, np.float32)) / max(
        1.0, arc_lengths(extent.path)[-1]
    )
    if thickness_px < _THINNEST_SHARE * (extent.above_px + extent.below_px):
        raise ValueError(
            f"polygon is only {thickness_px:.0f} px high and has no baseline; draw one"
        )


def _is_spike(line: Line) -> bool:
    """Whether all that is known of a line is a polygon less than a pixel wide."""
    if len(line.baseline) > 1 or len(line.polygon) < 3:
        return False
    outline = np.array(line.polygon, np.float32)
    return cv2.contourArea(outline) < np.ptp(outline, axis=0).max()


def _lies_on(line: Line, shape: tuple[int, int]) -> bool:
    """Whether enough of a line is on the page, and no point is far outside of it."""
    margin, size_px = max(shape), np.array(shape[::-1])
    points = np.array([*line.baseline, *line.polygon], float).reshape(-1, 2)
    if not len(points):
        return False
    low, high = points.min(axis=0), points.max(axis=0)
    is_near = (low >= -margin).all() and (high <= size_px + margin).all()
    inside_px = np.minimum(high, size_px) - np.maximum(low, 0)
    return bool(is_near and (inside_px >= _LEAST_SHARE_ON_PAGE * (high - low)).all())


def cut_strip(evened: np.ndarray, extent: LineExtent | None, height_px: int) -> np.ndarray:
    """Sample one line along its path and the path's normals.

    Args:
        evened: uint8 [height, width], paper 255.
        extent: Path and reach of the line, if it has them.
        height_px: Height of the strip.

    Returns:
        uint8 [height_px, width_px]; paper wherever the line extends beyond the page.

    Raises:
        ValueError: If the line has no extent, is too narrow or too long, or lies outside
            of the page.
    """
    if extent is None or extent.above_px + extent.below_px <= 0:
        raise ValueError("line has no length or no height; correct its baseline or polygon")
    line_px = extent.above_px + extent.below_px
    length_px = arc_lengths(extent.path)[-1]
    scale = height_px / line_px
    width_px = round(length_px * scale)
    if not _NARROWEST_STRIP_PX <= width_px <= WIDEST_STRIP_PX:
        raise ValueError(
            f"line is {length_px:.0f} px long and {line_px:.0f} px high, too "
            f"{'short' if width_px < _NARROWEST_STRIP_PX else 'long'} to read; correct its outline"
        )
    # Where the strip is smaller than the page, sample more densely and average.
    density = max(1, int(np.ceil(1 / scale)))
    columns, rows = width_px * density, height_px * density
    along = (np.arange(columns) + 0.5) * (length_px / columns)
    centres = resample(extent.path, along).astype(np.float32)
    up = up_normals(centres).astype(np.float32)
    offsets = (extent.above_px - (np.arange(rows) + 0.5) / (scale * density)).astype(np.float32)
    sampled = sample(evened, centres[None] + offsets[:, None, None] * up[None])
    if density > 1:
        sampled = cv2.resize(sampled, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return sampled


def scale_whole(evened: np.ndarray, height_px: int) -> np.ndarray:
    """Scale an image of a single line to the height of a strip.

    Args:
        evened: uint8 [height, width], paper 255.
        height_px: Height of the strip.

    Returns:
        uint8 [height_px, width_px].

    Raises:
        ValueError: If it is too narrow or too long.
    """
    height, width = evened.shape
    width_px = round(width * height_px / height)
    if not _NARROWEST_STRIP_PX <= width_px <= WIDEST_STRIP_PX:
        raise ValueError(f"image of {width} x {height} px is no text line; check the file")
    return resize_to(evened, width_px, height_px)


def stretch_contrast(strip: np.ndarray) -> np.ndarray:
    """Make the paper white and the darkest ink black, by percentiles.

    Args:
        strip: uint8 [height_px, width_px], paper 255.

    Returns:
        uint8 of the same shape.
    """
    # Percentiles of bytes from a histogram are several times as fast as by sorting.
    counts = cv2.calcHist([strip], [0], None, [_PAPER + 1], [0, _PAPER + 1]).ravel()
    up_to = np.cumsum(counts[::-1])
    ranks = np.array([_PAPER_PERCENTILE, _INK_PERCENTILE]) / 100 * up_to[-1]
    paper, dark = np.searchsorted(up_to, ranks)
    ink = _PAPER - np.arange(_PAPER + 1, dtype=np.float32)
    stretched = (ink - paper) * (_PAPER / max(dark - paper, _LEAST_CONTRAST))
    return cv2.LUT(strip, (_PAPER - np.clip(stretched, 0, _PAPER)).round().astype(np.uint8))
