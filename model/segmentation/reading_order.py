"""The order in which the lines of a page are read, and the regions that they form.

Tables and registers are read row by row (`model.segmentation.tables`), and all else as follows.

Columns are read one after the other, and blocks above a wide block before those below it, as in
the recursive cuts of Nagy & Seth, "Hierarchical representation of optically scanned documents"
(1984); blocks that cannot be separated so are read from top to bottom and from left to right.
Notes in the margin come after the block beside them, insertions after their line, and the page
number, in the upper outer corner, comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.geometry.polylines import levelling_rotation
from model.segmentation.rules import NO_RULES, Rules
from model.segmentation.spreads import find_tables
from model.segmentation.text_blocks import Spans, find_blocks, find_insertions, level_spans

# Greatest width of a note as a share of its text's, and distance from it in pitches.
_NOTE_WIDTH = 0.42
_NOTE_DISTANCE = 4.0
_LEAST_TEXT_LINES = 4
_BESIDE = 0.6
# Least lines of a column, gap between columns in pitches, and vertical overlap.
_LEAST_COLUMN_LINES, _LEAST_GUTTER, _COLUMN_OVERLAP = 4, 0.8, 0.5
# A block of this share of the width separates the blocks above it from those below.
_WIDE = 0.6
# Ragged edges may overlap by this share of the narrower block.
_RAGGED = 0.1
# Least overlap and greatest gap, in pitches, of consecutive blocks that are one region.
_SAME_COLUMN, _SAME_REGION_GAP = 0.7, 2.5
# Greatest width and distance from the first line of a page number, and its place across.
_NUMBER_WIDTH, _NUMBER_ROWS, _NUMBER_PLACE = 1.7, 2.0, 0.8
_LEAST_NUMBERED_LINES = 8
# No page of text has more blocks; if there are more, they are only sorted.
_MOST_BLOCKS = 400


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Bounding boxes of blocks, each float [n]."""

    left: np.ndarray
    right: np.ndarray
    top: np.ndarray
    bottom: np.ndarray


@dataclass(frozen=True)
class Place:
    """Where a line is read.

    Attributes:
        line: Index of the line.
        region: Index of its region; a table is one region.
        row: Row in its table, from 0; None outside of tables.
        column: Column in its table, from 0; None outside of tables.
    """

    line: int
    region: int
    row: int | None = None
    column: int | None = None


def arrange_lines(
    paths: Sequence[np.ndarray], pitch_px: float, rules: Rules = NO_RULES
) -> list[Place]:
    """Return the places of the lines of a page in its reading order, and in its tables.

    A table is read row by row; what is not in it is read as by `order_lines`, which alone orders
    a page without tables.

    Args:
        paths: float [n, 2] each, baselines from left to right.
        pitch_px: Line pitch.
        rules: Rules of the page, in the unit of the paths.

    Returns:
        The places in reading order.

    Example:
        >>> cells = [(0, 0, 30), (60, 0, 90), (120, 0, 300), (120, 20, 300)]
        >>> lines = [
        ...     np.array([[left, y + top], [right, y + top]], float)
        ...     for y in range(0, 240, 60) for left, top, right in cells
        ... ]
        >>> [(p.line, p.row, p.column) for p in arrange_lines(lines, 20)][3:6]
        [(3, 0, 2), (4, 1, 0), (5, 1, 1)]
    """
    if not paths:
        return []
    spans, rotation = level_spans(paths), levelling_rotation(paths)
    level = Rules(rules.upright @ rotation, rules.level @ rotation)
    places: list[Place] = []
    for lines, table in find_tables(spans, pitch_px, level):
        inside = set() if table is None else set(table.lines.tolist())
        top = spans.row[table.lines].min() if table else np.inf
        rest = [int(line) for line in lines if line not in inside]
        _append_text(places, [line for line in rest if spans.row[line] < top], paths, pitch_px)
        if table:
            region = places[-1].region + 1 if places else 0
            cells = zip(table.lines.tolist(), table.row.tolist(), table.column.tolist())
            places += [Place(line, region, row, column) for line, row, column in cells]
        _append_text(places, [line for line in rest if spans.row[line] >= top], paths, pitch_px)
    return places


def _append_text(
    places: list[Place], lines: list[int], paths: Sequence[np.ndarray], pitch_px: float
) -> None:
    """Append lines that are in no table."""
    first = places[-1].region + 1 if places else 0
    ordered = order_lines([paths[line] for line in lines], pitch_px)
    places += [Place(lines[index], first + region) for index, region in ordered]


def order_lines(paths: Sequence[np.ndarray], pitch_px: float) -> list[tuple[int, int]]:
    """Return the reading order of the lines of a page.

    Args:
        paths: float [n, 2] each, baselines from left to right.
        pitch_px: Line pitch.

    Returns:
        For each place in the reading order the index of the line and that of its region.

    Example:
        >>> left, right = (np.array([[x, 0.0], [x + 80, 0]]) for x in (0, 100))
        >>> [line for line, _ in order_lines([right, right + [0, 20], left, left + [0, 20]], 20)]
        [2, 3, 0, 1]
    """
    if not paths:
        return []
    spans = level_spans(paths)
    number = _page_number(spans, pitch_px)
    insertions = find_insertions(spans, pitch_px)
    separate = {*insertions, *number}
    own = np.array([line for line in range(len(spans)) if line not in separate])
    kept = Spans(spans.left[own], spans.right[own], spans.row[own])
    blocks = [[int(own[line]) for line in block] for block in find_blocks(kept, pitch_px)]
    regions = _merge(_order_blocks(blocks, spans, pitch_px), spans, pitch_px)
    regions += [[line] for line in number]
    followers: dict[int, list[int]] = {}
    for line in sorted(insertions.keys() - set(number), key=lambda line: spans.left[line]):
        followers.setdefault(insertions[line], []).append(line)
    return [
        (follower, region)
        for region, lines in enumerate(regions)
        for line in lines
        for follower in _with_followers(line, followers)
    ]


def _page_number(spans: Spans, pitch_px: float) -> list[int]:
    """Find the page number in the upper right corner: one line, or none."""
    if len(spans) < _LEAST_NUMBERED_LINES:
        return []
    left, right = spans.left.min(), spans.right.max()
    is_number = (spans.width < _NUMBER_WIDTH * pitch_px) & (
        spans.row - spans.row.min() < _NUMBER_ROWS * pitch_px
    )
    is_number &= spans.left > left + _NUMBER_PLACE * (right - left)
    numbers = np.flatnonzero(is_number)
    return numbers.tolist() if len(numbers) == 1 else []


def _with_followers(line: int, followers: dict[int, list[int]]) -> list[int]:
    """Return a line, followed by its insertions and, recursively, by theirs."""
    return [
        line,
        *(each for one in followers.get(line, []) for each in _with_followers(one, followers)),
    ]


def _order_blocks(blocks: list[list[int]], spans: Spans, pitch_px: float) -> list[list[int]]:
    if len(blocks) > _MOST_BLOCKS:
        return sorted(blocks, key=lambda block: (spans.row[block[0]], spans.left[block[0]]))
    boxes = _boxes(blocks, spans, pitch_px)
    texts = _texts_of_notes(blocks, boxes, pitch_px)
    main = [block for block in range(len(blocks)) if block not in texts]
    sizes = np.array([len(block) for block in blocks])
    order = _order_part(np.array(main, int), boxes, sizes, pitch_px)
    for note in sorted(texts, key=lambda note: -boxes.top[note]):
        order.insert(order.index(texts[note]) + 1, note)
    return [blocks[block] for block in order]


def _order_part(part: np.ndarray, boxes: _Boxes, sizes: np.ndarray, pitch_px: float) -> list[int]:
    """Order some blocks: by columns, else around a wide block, else by neighbours."""
    if len(part) < 2:
        return part.tolist()
    left = _left_of_gutter(part, boxes, sizes, pitch_px)
    if left is not None:
        halves = part[left], part[~left]
        return [block for half in halves for block in _order_part(half, boxes, sizes, pitch_px)]
    wide = _wide_block(part, boxes)
    if wide is None:
        return _order_neighbours(part, boxes)
    middle = (boxes.top + boxes.bottom) / 2
    above = part[(middle[part] < middle[wide]) & (part != wide)]
    below = part[(middle[part] >= middle[wide]) & (part != wide)]
    first, last = (_order_part(half, boxes, sizes, pitch_px) for half in (above, below))
    return [*first, wide, *last]


def _left_of_gutter(
    part: np.ndarray, boxes: _Boxes, sizes: np.ndarray, pitch_px: float
) -> np.ndarray | None:
    """Return which blocks are left of the widest gap between columns: bool [part], if any."""
    order = part[np.argsort(boxes.left[part])]
    gaps = boxes.left[order][1:] - np.maximum.accumulate(boxes.right[order])[:-1]
    for place in np.argsort(-gaps):
        if gaps[place] < _LEAST_GUTTER * pitch_px:
            break
        sides = order[: place + 1], order[place + 1 :]
        tops, bottoms = zip(*((boxes.top[s].min(), boxes.bottom[s].max()) for s in sides))
        common = min(bottoms) - max(tops)
        heights = [bottom - top for top, bottom in zip(tops, bottoms)]
        lines = min(sizes[side].sum() for side in sides)
        if lines >= _LEAST_COLUMN_LINES and common >= _COLUMN_OVERLAP * min(heights):
            return np.isin(part, sides[0])
    return None


def _wide_block(part: np.ndarray, boxes: _Boxes) -> int | None:
    """Find the uppermost wide block that has almost nothing beside it."""
    whole = boxes.right[part].max() - boxes.left[part].min()
    for block in part[np.argsort(boxes.top[part])]:
        if boxes.right[block] - boxes.left[block] < _WIDE * whole:
            continue
        others = part[part != block]
        common = np.minimum(boxes.bottom[others], boxes.bottom[block])
        common = common - np.maximum(boxes.top[others], boxes.top[block])
        if (common <= _RAGGED * (boxes.bottom[others] - boxes.top[others])).all():
            return int(block)
    return None


def _order_neighbours(part: np.ndarray, boxes: _Boxes) -> list[int]:
    precedes = _precedence(boxes)
    rest, order = part.tolist(), []
    while rest:
        # The relation can have cycles: the block with the fewest predecessors comes next.
        waiting = precedes[np.ix_(rest, rest)].sum(axis=0)
        first = min(
            range(len(rest)), key=lambda i: (waiting[i], boxes.top[rest[i]], boxes.left[rest[i]])
        )
        order.append(rest.pop(first))
    return order


def _boxes(blocks: list[list[int]], spans: Spans, pitch_px: float) -> _Boxes:
    return _Boxes(
        np.array([spans.left[block].min() for block in blocks]),
        np.array([spans.right[block].max() for block in blocks]),
        np.array([spans.row[block].min() for block in blocks]) - 0.5 * pitch_px,
        np.array([spans.row[block].max() for block in blocks]),
    )


def _texts_of_notes(blocks: list[list[int]], boxes: _Boxes, pitch_px: float) -> dict[int, int]:
    """Find the notes in the margin, and the block beside each."""
    sizes = np.array([len(block) for block in blocks])
    widths, heights = boxes.right - boxes.left, boxes.bottom - boxes.top
    texts = {}
    for note in range(len(blocks)):
        gap = np.maximum(boxes.left - boxes.right[note], boxes.left[note] - boxes.right)
        common = np.minimum(boxes.bottom, boxes.bottom[note]) - np.maximum(
            boxes.top, boxes.top[note]
        )
        is_text = (widths[note] < _NOTE_WIDTH * widths) & (sizes >= _LEAST_TEXT_LINES)
        is_text &= (gap > -_RAGGED * widths[note]) & (gap < _NOTE_DISTANCE * pitch_px)
        is_text &= (common >= _BESIDE * heights[note]) & (heights > heights[note])
        if is_text.any():
            texts[note] = int(np.argmax(np.where(is_text, common, -np.inf)))
    # The block beside a note must not be a note itself.
    return {note: text for note, text in texts.items() if text not in texts}


def _precedence(boxes: _Boxes) -> np.ndarray:
    """Return whether the first of two blocks comes before the second, of all pairs: bool [n, n]."""
    middle = (boxes.top + boxes.bottom) / 2
    width = boxes.right - boxes.left
    common = np.minimum(boxes.right[:, None], boxes.right) - np.maximum(
        boxes.left[:, None], boxes.left
    )
    over = common > _RAGGED * np.minimum(width[:, None], width)
    np.fill_diagonal(over, False)
    before = over & (middle[:, None] < middle)
    # Side by side the left one is first; where nothing is side by side, the upper one.
    beside = np.minimum(boxes.bottom[:, None], boxes.bottom) > np.maximum(
        boxes.top[:, None], boxes.top
    )
    centre = (boxes.left + boxes.right) / 2
    return before | (~over & np.where(beside, centre[:, None] < centre, middle[:, None] < middle))


def _merge(blocks: list[list[int]], spans: Spans, pitch_px: float) -> list[list[int]]:
    """Join consecutive blocks of the same column."""
    regions: list[list[int]] = []
    for block in blocks:
        if regions and _continues(regions[-1], block, spans, pitch_px):
            regions[-1] = [*regions[-1], *block]
        else:
            regions.append(list(block))
    return regions


def _continues(region: list[int], block: list[int], spans: Spans, pitch_px: float) -> bool:
    left, right = spans.left[region].min(), spans.right[region].max()
    common = min(right, spans.right[block].max()) - max(left, spans.left[block].min())
    gap = spans.row[block].min() - spans.row[region].max()
    inside = common >= _SAME_COLUMN * (spans.right[block].max() - spans.left[block].min())
    wide = common >= _SAME_COLUMN * (right - left) or len(block) == 1
    return bool(inside and wide and -0.5 * pitch_px < gap < _SAME_REGION_GAP * pitch_px)
