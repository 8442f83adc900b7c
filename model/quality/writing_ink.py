"""Which ink of a page looks like its writing: no rules, edges, stamps, texture or other sheets."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# All sizes are in heights of a line, from the tip of an ascender to that of a descender.
# Wider dark areas are not strokes: blots, borders, the backdrop.
_WIDEST_STROKE = 0.4
_NARROWEST_CLOSING_PX, _WIDEST_CLOSING_PX = 9, 31
# Fainter than this share of the ink in the lines is bleed-through.
_FAINTEST_SHARE = 0.5
_INK_PERCENTILE, _INK_PERCENTILE_OF_PAGE = 92, 98
# Contrast, of 255, of the faintest ink.
_LEAST_CONTRAST = 15
# How far grain reaches, in medians of the page.
_GRAIN = 2.0
# Levels are those of every third pixel of every third row.
_EVERY = 3
# Ground darker than this share of the paper is the backdrop; ink on dark paper is compared with no
# less than the second.
_BACKDROP, _DARK_PAPER = 0.45, 0.75
_PAPER_PERCENTILE = 75
# Straight runs that are longer are rules: level ones, upright ones, and upright ones with gaps.
_LEVEL_RULE, _UPRIGHT_RULE, _BROKEN_RULE = 2.5, 1.6, 4.0
_GAP_IN_RULE, _WIDEST_RULE = 0.5, 0.25
_SMALLEST_PART = 0.18

# Texture is compared in cells, within windows of these sizes.
_CELL = 1 / 8
_LEAST_CELL_PX = 2
_ROW_WINDOW, _TURN_WINDOW, _FILL_WINDOW = (3.0, 0.6), (3.0, 1.5), (1.0, 0.6)
# Of strokes that cross a row, the least share of what the lines have.
_LEAST_CROSSINGS = 0.35
# Of those that cross a column for each that crosses a row, the least and the most: the edges of a
# book's other leaves run one way only.
_LEAST_TURNS, _MOST_TURNS = 0.35, 1 / 0.35
_MOST_FILLED = 2.2
# Where no line shows them: crossings for each pixel, turns, and the share that strokes fill.
_USUAL_CROSSINGS, _USUAL_TURNS, _USUAL_FILLED = 0.06, 0.8, 0.25
_FEWEST_CELLS = 50
# The paper around writing is even; that of a photograph is not.
_MOST_UNEVEN, _MOST_UNEVEN_WITHOUT_LINES = 0.3, 0.2
_EVEN_WINDOW = 1.5

# Ink nearer than this is one patch.
_PATCH_GAP = 1.25
_LEAST_INK_OF_CELL = 0.03
_SMALLEST_PATCH = 1.0
# Patches that are about as wide as they are high are stamps, unless they are as large as a column.
_STAMP_ASPECT, _SMALLEST_STAMP, _LARGEST_STAMP = 1.5, 1.6, 6.0
# Patches at the edge of the image, within this share of its width or these heights of it, are of
# the sheet beside.
_BESIDE, _BESIDE_LINES = 0.2, 1.5
_EDGE = 0.008


@dataclass(frozen=True, eq=False)
class Strokes:
    """The strokes on a page.

    Attributes:
        mask: uint8 [height_px, width_px], 255 where there is one.
        ground: uint8 of the same shape, the page without its ink.
        paper: Level of the paper of the lines.
    """

    mask: np.ndarray
    ground: np.ndarray
    paper: float


@dataclass(frozen=True, eq=False)
class Writing:
    """What is known of the writing on a page.

    Attributes:
        strokes: The strokes.
        is_outside: bool [height_px, width_px], where no line is.
        body: bool of the same shape, where the small letters of lines are.
        height_px: Usual height of a line.
    """

    strokes: Strokes
    is_outside: np.ndarray
    body: np.ndarray
    height_px: float


def find_strokes(work: np.ndarray, body: np.ndarray, height_px: float) -> Strokes:
    """Find strokes that are as dark as those of the lines, without rules and specks.

    Args:
        work: uint8 [height_px, width_px], paper light.
        body: bool of the same shape, where the small letters of lines are; may be empty.
        height_px: Usual height of a line.

    Returns:
        The strokes.
    """
    side = _odd(np.clip(_WIDEST_STROKE * height_px, _NARROWEST_CLOSING_PX, _WIDEST_CLOSING_PX))
    ground = cv2.morphologyEx(work, cv2.MORPH_CLOSE, _box(side, side))
    ground = cv2.blur(ground, (side, side))
    some = np.s_[::_EVERY, ::_EVERY]
    is_body = body[some]
    shown = ground[some][is_body]
    paper = float(
        np.median(shown) if shown.size else np.percentile(ground[some], _PAPER_PERCENTILE)
    )
    lightest = cv2.max(ground, max(1.0, _DARK_PAPER * paper))
    ink = cv2.divide(cv2.subtract(ground, work), lightest, scale=255)
    # Most of a page is paper: what its grain shows is not ink.
    ink = cv2.subtract(ink, _GRAIN * float(np.median(ink[some])))
    shown = ink[some][is_body]
    dark = float(
        np.percentile(shown, _INK_PERCENTILE)
        if shown.size
        else np.percentile(ink[some], _INK_PERCENTILE_OF_PAGE)
    )
    mask = cv2.bitwise_and(
        cv2.compare(ink, max(_LEAST_CONTRAST, _FAINTEST_SHARE * dark), cv2.CMP_GE),
        cv2.compare(ground, _BACKDROP * paper, cv2.CMP_GE),
    )
    mask = cv2.subtract(mask, _rules(mask, height_px))
    _remove_specks(mask, _SMALLEST_PART * height_px)
    return Strokes(mask, ground, paper)


def _rules(mask: np.ndarray, height_px: float) -> np.ndarray:
    """Return straight runs that are longer than letters, dilated by a pixel."""
    # Dilated first, because a rule that is slightly skewed leaves its row.
    level = _opened(cv2.dilate(mask, _box(1, 3)), _LEVEL_RULE * height_px, 1)
    across = _box(3, 1)
    upright = _opened(cv2.dilate(mask, across), 1, _UPRIGHT_RULE * height_px)
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _box(1, _GAP_IN_RULE * height_px))
    broken = _opened(cv2.dilate(joined, across), 1, _BROKEN_RULE * height_px)
    broken = cv2.subtract(broken, _opened(broken, _odd(_WIDEST_RULE * height_px), 1))
    return cv2.dilate(cv2.max(cv2.max(level, upright), broken), _box(3, 3))


def _remove_specks(mask: np.ndarray, least_px: float) -> None:
    """Remove the parts of a mask that are smaller than a letter, in place."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    is_speck = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) < least_px
    ink = np.flatnonzero(mask > 0)
    mask.ravel()[ink[is_speck[labels.ravel()[ink]]]] = 0


def writing_like(writing: Writing) -> int:
    """Measure the ink outside of the lines that looks like their writing.

    Returns:
        Pixels of ink.
    """
    mask = writing.strokes.mask
    cell_px = max(_LEAST_CELL_PX, round(_CELL * writing.height_px))
    ink = _in_cells(np.where(writing.is_outside, mask, 0), cell_px)
    kept = np.where(_has_texture(writing, cell_px), ink, 0)
    kept = np.where(_in_patches(kept, writing.height_px / cell_px), kept, 0)
    return round(float(kept.sum()) * cell_px**2)


def _in_cells(image: np.ndarray, cell_px: int) -> np.ndarray:
    """Return the mean of an image in each cell, float32 in 0..1; what is left over is lost."""
    rows, columns = (max(1, side // cell_px) for side in image.shape)
    # With a whole factor OpenCV averages several times as fast.
    whole = image[: rows * cell_px, : columns * cell_px]
    cells = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return cells.astype(np.float32) / 255


def _has_texture(writing: Writing, cell_px: int) -> np.ndarray:
    """Return in which cells strokes are like those of the lines, on even paper; bool."""
    mask, strokes = writing.strokes.mask, writing.strokes
    of_rows, of_columns = np.zeros_like(mask), np.zeros_like(mask)
    of_rows[:, 1:] = cv2.subtract(mask[:, 1:], mask[:, :-1])
    of_columns[1:] = cv2.subtract(mask[1:], mask[:-1])
    height = writing.height_px / cell_px
    of_rows, of_columns = _in_cells(of_rows, cell_px), _in_cells(of_columns, cell_px)
    ink = _in_cells(mask, cell_px)
    crossings = _mean(of_rows, _ROW_WINDOW, height)
    turns = _mean(of_columns, _TURN_WINDOW, height) / np.maximum(
        _mean(of_rows, _TURN_WINDOW, height), 1e-6
    )
    filled = _mean(ink, _FILL_WINDOW, height)
    shown = (_in_cells(writing.body.astype(np.uint8) * 255, cell_px) > 0.5) & (ink > 0)
    is_known = shown.sum() >= _FEWEST_CELLS
    usual_crossings = np.median(crossings[shown]) if is_known else _USUAL_CROSSINGS
    usual_turns = np.median(turns[shown]) if is_known else _USUAL_TURNS
    usual_filled = np.percentile(filled[shown], 75) if is_known else _USUAL_FILLED
    ground = 255 * _in_cells(strokes.ground, cell_px)
    window = _box(*(_odd(_EVEN_WINDOW * height),) * 2)
    uneven = cv2.morphologyEx(ground, cv2.MORPH_GRADIENT, window) / max(1.0, strokes.paper)
    most_uneven = _MOST_UNEVEN if is_known else _MOST_UNEVEN_WITHOUT_LINES
    return (
        (crossings > _LEAST_CROSSINGS * usual_crossings)
        & (turns > _LEAST_TURNS * usual_turns)
        & (turns < _MOST_TURNS * usual_turns)
        & (filled < _MOST_FILLED * usual_filled)
        & (uneven < most_uneven)
    )


def _in_patches(ink: np.ndarray, height: float) -> np.ndarray:
    """Return which cells belong to patches of ink that may be writing of this page; bool.

    Args:
        ink: float32 [rows, columns], ink of each cell.
        height: Usual height of a line in cells.
    """
    rows, columns = ink.shape
    gap = _odd(_PATCH_GAP * height)
    joined = (ink > _LEAST_INK_OF_CELL).astype(np.uint8)
    joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, _box(gap, gap))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    left, top, width, tall = stats[:, :4].T
    right, bottom = columns - left - width, rows - top - tall
    large, small = np.maximum(width, tall), np.minimum(width, tall)
    is_stamp = (
        (large < _STAMP_ASPECT * small)
        & (tall > _SMALLEST_STAMP * height)
        & (large < _LARGEST_STAMP * height)
    )
    is_beside = (width <= _BESIDE * columns) & (
        np.minimum(left, right) <= max(1, round(_EDGE * columns))
    )
    is_beside |= (tall <= _BESIDE_LINES * height) & (
        np.minimum(top, bottom) <= max(1, round(_EDGE * rows))
    )
    is_kept = ~(is_stamp | is_beside) & (large >= _SMALLEST_PATCH * height)
    is_kept[0] = False
    return is_kept[labels]


def _mean(cells: np.ndarray, window: tuple[float, float], height: float) -> np.ndarray:
    """Return the mean of cells in a window of some heights of a line, across and down."""
    return cv2.blur(cells, tuple(_odd(side * height) for side in window))


def _opened(mask: np.ndarray, width_px: float, height_px: float) -> np.ndarray:
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, _box(width_px, height_px))


def _box(width_px: float, height_px: float) -> np.ndarray:
    return np.ones((max(1, int(height_px)), max(1, int(width_px))), np.uint8)


def _odd(length: float) -> int:
    return max(1, int(length)) | 1
