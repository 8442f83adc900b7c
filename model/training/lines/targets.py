"""Training targets of the line network: maps drawn from the known lines of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from model.geometry.extent import line_extents
from model.geometry.polylines import arc_lengths, resample, up_normals
from model.segmentation.maps import CHANNELS, REACH_UNIT_PX, STRIDE_PX
from schemas.records import Line

# Width of the strokes on the maps, and distance of the points of a moved line.
_MARK_PX = 2
_STEP_PX = 6.0
# A line end is marked by a stroke across the line that reaches this many pitches either way.
_END_REACH = 0.22
# Where not all lines are known, only pixels within this many pitches of a known line count.
_KNOWN_REACH = 0.55
# Fractional bits of the coordinates that OpenCV draws with.
_SHIFT = 4
# Lines meet if the end of one and the start of the other are at most so many pitches apart; within
# this many pitches around, pixels have a higher weight.
_MEETING_ACROSS, _MEETING_DOWN = 4.0, 0.7
_MEETING_REACH = 0.8


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


def target_lines(lines: Sequence[Line]) -> list[TargetLine]:
    """Return the lines of a page with the extents that the recogniser crops.

    Args:
        lines: The lines of a page.

    Returns:
        The lines that have a baseline of non-zero length.
    """
    targets = []
    for line, extent in zip(lines, line_extents(lines)):
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


def meeting_lines(lines: Sequence[TargetLine], pitch_px: float) -> list[tuple[int, int]]:
    """Find lines that end where another begins, such as a text line and a note beside it.

    Args:
        lines: The lines.
        pitch_px: Line pitch.

    Returns:
        Pairs of indices: the line that ends, and the line that begins there.

    Example:
        >>> one, two = (
        ...     TargetLine(np.array(path, float), 9, 3)
        ...     for path in ([[0, 50], [80, 50]], [[95, 53], [150, 53]])
        ... )
        >>> meeting_lines([two, one], 20)
        [(1, 0)]
    """
    if not lines:
        return []
    starts, ends = (np.stack([line.path[place] for line in lines]) for place in (0, -1))
    across, down = ((starts[None] - ends[:, None]) / pitch_px).transpose(2, 0, 1)
    near = (np.abs(across) < _MEETING_ACROSS) & (np.abs(down) < _MEETING_DOWN)
    np.fill_diagonal(near, False)
    return [(int(ended), int(begun)) for ended, begun in np.argwhere(near)]


def draw_targets(
    lines: Sequence[TargetLine],
    shape: tuple[int, int],
    pitch_px: float,
    complete: bool,
    meeting_weight: float = 1.0,
) -> np.ndarray:
    """Draw the target maps of an image.

    Args:
        lines: Its lines, in pixels of the image.
        shape: Height and width of the image, both even.
        pitch_px: Line pitch in the image.
        complete: Whether all lines of the image are known.
        meeting_weight: Weight of the places where lines meet; all others have weight 1.

    Returns:
        float32 [height / 2, width / 2, 6]: the maps of `CHANNELS`, and the weight of each
        pixel.
    """
    size = shape[0] // STRIDE_PX, shape[1] // STRIDE_PX
    marks = {name: np.zeros(size, np.uint8) for name in CHANNELS[:3]}
    reaches = {name: np.zeros(size, np.float32) for name in CHANNELS[3:]}
    weight = np.full(size, 1.0 if complete else 0.0, np.float32)
    for line in lines:
        path = _on_maps(line.path)
        if not complete:
            reach_px = 2 * _KNOWN_REACH * pitch_px / STRIDE_PX
            _stroke(weight, path, 1.0, max(1, round(reach_px)))
        _stroke(marks["baseline"], path, 255, _MARK_PX)
        up = up_normals(path) * (_END_REACH * pitch_px / STRIDE_PX)
        for name, place in (("start", 0), ("end", -1)):
            across = np.stack([path[place] - up[place], path[place] + up[place]])
            _stroke(marks[name], across, 255, _MARK_PX)
        for name, reach_px in (("above", line.above_px), ("below", line.below_px)):
            _stroke(reaches[name], path, reach_px / REACH_UNIT_PX, _MARK_PX + 3)
    if meeting_weight != 1:
        _weigh_meetings(weight, lines, pitch_px, meeting_weight)
    scaled = [mark.astype(np.float32) / 255 for mark in marks.values()]
    return np.stack([*scaled, *reaches.values(), weight], axis=-1)


def _on_maps(points: np.ndarray) -> np.ndarray:
    """Convert points from image pixels to map pixels; both refer to pixel centres."""
    return (points + 0.5) / STRIDE_PX - 0.5


def _weigh_meetings(
    weight: np.ndarray, lines: Sequence[TargetLine], pitch_px: float, meeting_weight: float
) -> None:
    known, radius_px = weight > 0, max(1, round(_MEETING_REACH * pitch_px / STRIDE_PX))
    limit = 4 * max(weight.shape)
    for ended, begun in meeting_lines(lines, pitch_px):
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
