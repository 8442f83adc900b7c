"""Training targets of the line network: maps drawn from the known lines of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model.geometry.extent import baseline_path, line_extents
from model.geometry.polylines import arc_lengths, band_outline, resample, up_normals
from model.images.background import even_background
from model.line_images.writing import default_writing_network, measure_reaches
from model.segmentation.maps import CHANNELS, REACH_UNIT_PX, STRIDE_PX
from schemas.records import Line

# Width of the strokes on the maps, and distance of the points of a moved line.
_MARK_PX = 2
_STEP_PX = 6.0
# A line end is marked by a stroke across the line that reaches this many heights either way.
_END_REACH = 0.22
# Where not all lines are known, only pixels within this many heights of a known line count.
_KNOWN_REACH = 0.55
# Fractional bits of the coordinates that OpenCV draws with.
_SHIFT = 4
# Lines meet if the end of one and the start of the other are at most so many heights apart; within
# this many heights around, pixels have a higher weight.
_MEETING_ACROSS, _MEETING_DOWN = 4.0, 0.7
_MEETING_REACH = 0.8
# Lines of these heights are to be found; those beyond the second pair are not, as they are found
# on a coarser or a finer level. Between the two, either answer is right.
_FOUND_PX, _KNOWN_PX = (11.0, 52.0), (8.5, 68.0)
# Steepest line that is to be found, as its rise over its run; and the share of a line's height
# around its baseline that must be empty of other answers.
_STEEPEST = 0.7
_OWN_REACH = 0.3


@dataclass(frozen=True, eq=False)
class TargetLine:
    """A line that the network should find.

    Attributes:
        path: Baseline, float [n, 2].
        above_px: Extent above the baseline.
        below_px: Extent below the baseline.
    """

    path: np.ndarray
    above_px: float
    below_px: float

    @property
    def height_px(self) -> float:
        """Extent above and below the baseline together."""
        return self.above_px + self.below_px


def target_lines(lines: Sequence[Line], grey: np.ndarray | None = None) -> list[TargetLine]:
    """Return the lines of a page with the extents that the recogniser crops.

    Args:
        lines: The lines of a page.
        grey: uint8 [height, width], the page; None estimates extents from the geometry alone.

    Returns:
        The lines that have a baseline of non-zero length.
    """
    writing_px = None
    if grey is not None:
        paths = [baseline_path(line) for line in lines]
        writing_px = measure_reaches(even_background(grey), paths, default_writing_network())
    targets = []
    for line, extent in zip(lines, line_extents(lines, writing_px)):
        path = np.array(line.baseline, float).reshape(-1, 2)
        if extent is None or len(path) < 2 or arc_lengths(path)[-1] <= 0:
            continue
        targets.append(TargetLine(path, extent.above_px, extent.below_px))
    return targets


def transform(line: TargetLine, matrix: np.ndarray, step_px: float = _STEP_PX) -> TargetLine:
    """Transform a line by a homography.

    Args:
        line: The line.
        matrix: float [3, 3].
        step_px: Distance of the points before the transformation.

    Returns:
        The transformed line, with its extents scaled by the local scale.
    """
    length = arc_lengths(line.path)[-1]
    count = int(np.clip(length / step_px, 2, 2000))
    dense = resample(line.path, np.linspace(0, length, count))
    # The length of a transformed unit normal is the scale across the line.
    ends = np.stack([dense, dense + up_normals(dense)])
    moved = cv2.perspectiveTransform(ends.reshape(1, -1, 2), matrix).reshape(ends.shape)
    scale = float(np.median(np.hypot(*(moved[1] - moved[0]).T)))
    return TargetLine(moved[0], line.above_px * scale, line.below_px * scale)


def meeting_lines(lines: Sequence[TargetLine]) -> list[tuple[int, int]]:
    """Find lines that end where another begins, such as a text line and a note beside it.

    Args:
        lines: The lines.

    Returns:
        Pairs of indices: the line that ends, and the line that begins there.

    Example:
        >>> one, two = (
        ...     TargetLine(np.array(path, float), 14, 6)
        ...     for path in ([[0, 50], [80, 50]], [[95, 53], [150, 53]])
        ... )
        >>> meeting_lines([two, one])
        [(1, 0)]
    """
    if not lines:
        return []
    starts, ends = (np.stack([line.path[place] for line in lines]) for place in (0, -1))
    heights = np.array([line.height_px for line in lines])
    between = (heights[:, None] + heights[None]) / 2
    across, down = (starts[None] - ends[:, None]).transpose(2, 0, 1) / between
    near = (np.abs(across) < _MEETING_ACROSS) & (np.abs(down) < _MEETING_DOWN)
    np.fill_diagonal(near, False)
    return [(int(ended), int(begun)) for ended, begun in np.argwhere(near)]


def draw_targets(
    lines: Sequence[TargetLine],
    shape: tuple[int, int],
    complete: bool,
    meeting_weight: float = 1.0,
) -> np.ndarray:
    """Draw the target maps of an image.

    Args:
        lines: Its lines, in pixels of the image.
        shape: Height and width of the image, both even.
        complete: Whether all lines of the image are known.
        meeting_weight: Weight of the places where lines meet; all others have weight 1.

    Returns:
        float32 [height / 2, width / 2, 6]: the maps of `CHANNELS`, and the weight of each
        pixel: 0 where it is not known, or does not matter, whether a line is there.
    """
    size = shape[0] // STRIDE_PX, shape[1] // STRIDE_PX
    marks = {name: np.zeros(size, np.uint8) for name in CHANNELS[:3]}
    reaches = {name: np.zeros(size, np.float32) for name in CHANNELS[3:]}
    weight = np.full(size, 1.0 if complete else 0.0, np.float32)
    found = [line for line in lines if _is_found(line)]
    for line in lines:
        if not _is_found(line) and (_is_steep(line) or _is_within(line, _KNOWN_PX)):
            _fill_band(weight, line, 0.0)
    for line in found:
        path = _on_maps(line.path)
        reach = _OWN_REACH if complete else _KNOWN_REACH
        _stroke(weight, path, 1.0, max(1, round(2 * reach * line.height_px / STRIDE_PX)))
        _stroke(marks["baseline"], path, 255, _MARK_PX)
        up = up_normals(path) * (_END_REACH * line.height_px / STRIDE_PX)
        for name, place in (("start", 0), ("end", -1)):
            across = np.stack([path[place] - up[place], path[place] + up[place]])
            _stroke(marks[name], across, 255, _MARK_PX)
        for name, reach_px in (("above", line.above_px), ("below", line.below_px)):
            _stroke(reaches[name], path, reach_px / REACH_UNIT_PX, _MARK_PX + 3)
    if meeting_weight != 1:
        _weigh_meetings(weight, found, meeting_weight)
    scaled = [mark.astype(np.float32) / 255 for mark in marks.values()]
    return np.stack([*scaled, *reaches.values(), weight], axis=-1)


def _is_within(line: TargetLine, limits_px: tuple[float, float]) -> bool:
    return limits_px[0] <= line.height_px <= limits_px[1]


def _is_steep(line: TargetLine) -> bool:
    """Whether a line rises or falls too steeply, or runs from right to left."""
    across, down = line.path[-1] - line.path[0]
    return abs(down) > _STEEPEST * across


def _is_found(line: TargetLine) -> bool:
    return _is_within(line, _FOUND_PX) and not _is_steep(line)


def _fill_band(weight: np.ndarray, line: TargetLine, value: float) -> None:
    """Set the weight of all that a line covers."""
    outline = band_outline(line.path, line.above_px, line.below_px)
    limit = 4 * max(weight.shape)
    points = np.clip(_on_maps(outline), -limit, limit).round().astype(np.int32)
    cv2.fillPoly(weight, [points], value)


def _on_maps(points: np.ndarray) -> np.ndarray:
    """Convert points from image pixels to map pixels; both refer to pixel centres."""
    return (points + 0.5) / STRIDE_PX - 0.5


def _weigh_meetings(weight: np.ndarray, lines: Sequence[TargetLine], meeting_weight: float) -> None:
    known = weight > 0
    limit = 4 * max(weight.shape)
    for ended, begun in meeting_lines(lines):
        radius_px = max(1, round(_MEETING_REACH * lines[ended].height_px / STRIDE_PX))
        for point in (lines[ended].path[-1], lines[begun].path[0]):
            place = np.clip(_on_maps(point), -limit, limit).round().astype(int)
            cv2.circle(weight, tuple(map(int, place)), radius_px, meeting_weight, -1)
    weight *= known


def _stroke(canvas: np.ndarray, path: np.ndarray, value: float, width_px: int) -> None:
    """Draw a polyline with sub-pixel precision, anti-aliased on a uint8 canvas."""
    limit = 4 * max(canvas.shape)
    points = np.round(np.clip(path, -limit, limit) * 2**_SHIFT).astype(np.int32)
    kind = cv2.LINE_AA if canvas.dtype == np.uint8 else cv2.LINE_8
    cv2.polylines(canvas, [points[:, None]], False, value, width_px, kind, _SHIFT)
