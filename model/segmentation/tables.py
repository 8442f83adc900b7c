"""Tables and registers: whether the lines of a page are cells in rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.segmentation.rules import NO_RULES, Rules
from model.segmentation.table_columns import Columns, Uprights, find_columns
from model.segmentation.table_rows import (
    NEXT_LINE,
    ColumnLines,
    agreement,
    column_lines,
    is_near,
    row_starts,
)
from model.segmentation.text_blocks import Spans, overlaps

# Lengths are in line pitches. A column of running text is dense and as wide as this; entries
# of a narrow column are no wider than this.
_TEXT_WIDTH, _NARROW = 9.0, 5.0
_LEAST_LINES, _LEAST_ROWS = 8, 3
# Least agreement of the two columns that agree best; with two columns alone, and least rows then.
_LEAST_AGREEMENT, _LEAST_OF_TWO, _LEAST_ROWS_OF_TWO = 0.6, 0.8, 5
# Columns of running text may be this share of all.
_MOST_TEXT = 0.5
# A rule across this share of a table separates rows, unless the next one is a line further.
# Where rules are no further apart than the last one, there is one row between two of them.
_ACROSS, _THICK_BAND, _LOW_BAND = 0.6, 1.6, 4.0
# Of a rule of the table, fewer lines stand on it.
_ON_RULE, _MOST_ON_RULE = 0.2, 2
# The head of a table is no higher than this, and this share of it; few of its lines are level.
_HEAD, _HEAD_SHARE, _HEAD_LEVEL = 9.0, 0.3, 0.85
# A line may rise above the beginning of its row by this; a line by itself, by more.
_RISE, _HIGHEST = 0.5, 0.85
# Lines of one cell: this overlap, this gap at least, and the share of all gaps that are as small.
_LEAST_OVERLAP, _LEAST_GAP, _CLOSE = 0.3, 0.25, 0.3
_TILTS = np.linspace(-0.03, 0.03, 13)


@dataclass(frozen=True, eq=False)
class Table:
    """Lines that are the cells of a table.

    Attributes:
        lines: int [n], in reading order.
        row: int [n], the row of each, from 0.
        column: int [n], the column of each, from 0.
    """

    lines: np.ndarray
    row: np.ndarray
    column: np.ndarray


@dataclass(frozen=True, eq=False)
class _Grid:
    """What a table is made of.

    Attributes:
        spans: Extents of all lines, in line pitches, straightened.
        columns: Columns of all lines.
        body: int [n], the lines within the table.
        level: float [m], heights of the rules that separate rows.
    """

    spans: Spans
    columns: Columns
    body: np.ndarray
    level: np.ndarray


def find_table(spans: Spans, pitch_px: float, rules: Rules = NO_RULES) -> Table | None:
    """Find the table that some lines form.

    Args:
        spans: The lines on the levelled page, in pixels.
        pitch_px: Line pitch.
        rules: Rules of the levelled page, in pixels.

    Returns:
        The table, without the lines above and below it; None where the lines are running text,
        in one column or several.
    """
    if len(spans) < _LEAST_LINES or pitch_px <= 0:
        return None
    grid = _grid(spans, _text_pitch_px(spans, pitch_px), rules)
    if grid is None or not _is_table(grid):
        return None
    return _cells(grid)


def _text_pitch_px(spans: Spans, pitch_px: float) -> float:
    """Return the distance between lines of one cell, as that of the page is one of rows, too."""
    below = spans.row[None] - spans.row[:, None]
    follows = (overlaps(spans) > _LEAST_OVERLAP) & (below > _LEAST_GAP * pitch_px)
    gaps = np.where(follows, below, np.inf).min(axis=1)
    gaps = gaps[np.isfinite(gaps)]
    return min(pitch_px, float(np.quantile(gaps, _CLOSE))) if len(gaps) else pitch_px


def _grid(spans: Spans, pitch_px: float, rules: Rules) -> _Grid | None:
    upright, level = rules.upright / pitch_px, rules.level / pitch_px
    scaled = Spans(spans.left / pitch_px, spans.right / pitch_px, spans.row / pitch_px)
    shear = _shear(upright)
    away = shear * scaled.row
    upright_x = (upright[:, :, 0] - shear * upright[:, :, 1]).mean(axis=1)
    uprights = Uprights(upright_x, upright[:, 0, 1], upright[:, 1, 1])
    straight = Spans(scaled.left - away, scaled.right - away, scaled.row)
    columns = find_columns(straight, uprights)
    if columns.count < 2:
        return None
    body = _body(straight, columns, uprights)
    straight = _level_rows(straight, columns, body)
    return _Grid(straight, columns, body, _row_rules(straight, body, level))


def _shear(upright: np.ndarray) -> float:
    """Return how far rules down the page lean, once it is levelled: x per y."""
    if not len(upright):
        return 0.0
    run = upright[:, 1] - upright[:, 0]
    slopes, order = run[:, 0] / run[:, 1], np.argsort(run[:, 0] / run[:, 1])
    weights = np.cumsum(run[order, 1])
    return float(slopes[order][np.searchsorted(weights, weights[-1] / 2)])


def _body(spans: Spans, columns: Columns, uprights: Uprights) -> np.ndarray:
    """Return the lines between the ends of the rules, or else between the first and last row."""
    inside = np.ones(len(spans), bool)
    if columns.ruled:
        near = np.abs(uprights.x[:, None] - columns.separators[None]).min(axis=1) < 1e-6
        inside = spans.row > np.median(uprights.top[near]) - _RISE
        inside &= spans.row < np.median(uprights.bottom[near]) + 1
    # Rows of one line at the top and bottom are headings, page numbers and signatures.
    lines = np.flatnonzero(inside)
    lines = lines[np.argsort(spans.row[lines], kind="stable")]
    alone = np.array([_is_alone(line, lines, spans, columns) for line in lines], bool)
    if alone.all():
        return np.zeros(0, int)
    first, last = int(np.argmin(alone)), len(lines) - int(np.argmin(alone[::-1]))
    while last < len(lines) and _follows(lines[last], lines[first:last], spans, columns):
        last += 1
    return lines[first:last]


def _follows(line: int, above: np.ndarray, spans: Spans, columns: Columns) -> bool:
    """Whether a line is directly below another of its column."""
    own = above[columns.of_line[above] == columns.of_line[line]]
    below = spans.row[line] - spans.row[own]
    return not columns.spans[line] and bool((below <= NEXT_LINE).any())


def _is_alone(line: int, lines: np.ndarray, spans: Spans, columns: Columns) -> bool:
    if columns.spans[line]:
        return True
    beside = is_near(spans.row[lines], spans.row[line : line + 1])
    return len(set(columns.of_line[lines[beside]])) < 2 and not columns.ruled


def _level_rows(spans: Spans, columns: Columns, body: np.ndarray) -> Spans:
    """Turn rows level by the tilt at which the most lines of different columns are level."""
    x = (spans.left + spans.right) / 2

    def level(tilt: float) -> Spans:
        return Spans(spans.left, spans.right, spans.row - tilt * x)

    def score(tilt: float) -> tuple[float, float]:
        parts = column_lines(level(tilt), columns.of_line, body)
        shares = [
            min(len(a), len(b)) * is_near(a.row, b.row, 0.25).mean()
            for index, a in enumerate(parts)
            for b in parts[index + 1 :]
            if len(a) and len(b) and not (a.is_dense and b.is_dense)
        ]
        return round(sum(shares), 6), -abs(tilt)

    return level(max(_TILTS, key=score))


def _row_rules(spans: Spans, body: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return the heights of rules across the table, without the ruling of the paper."""
    if not len(body) or not len(level):
        return np.zeros(0)
    left, right = spans.left[body].min(), spans.right[body].max()
    common = np.minimum(level[:, 1, 0], right) - np.maximum(level[:, 0, 0], left)
    heights = np.sort(level[common >= _ACROSS * (right - left), :, 1].mean(axis=1))
    inside = heights[(heights > spans.row[body].min()) & (heights < spans.row[body].max())]
    # Writing stands on the ruling of the paper, but between the rules of a table.
    stands = np.abs(inside[:, None] - spans.row[body][None]) <= _ON_RULE
    inside = inside[stands.sum(axis=1) < _MOST_ON_RULE]
    gaps = np.diff(inside, prepend=-np.inf, append=np.inf)
    return inside[(gaps[:-1] >= _THICK_BAND) | (gaps[1:] >= _THICK_BAND)]


def _is_table(grid: _Grid) -> bool:
    spanning = grid.columns.spans
    parts = column_lines(grid.spans, grid.columns.of_line, grid.body[~spanning[grid.body]])
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return False
    is_text = np.array([part.is_dense and part.width >= _TEXT_WIDTH for part in parts])
    is_narrow = np.array([part.width <= _NARROW or not part.is_dense for part in parts])
    agreed = agreement(parts)
    agreed = np.minimum(agreed, agreed.T)
    np.fill_diagonal(agreed, 0)
    agreed[is_text] = agreed[:, is_text] = 0
    one, other = np.unravel_index(np.argmax(agreed), agreed.shape)
    rows = is_near(parts[one].row, parts[other].row).sum()
    if len(parts) == 2:
        return bool(
            min(part.width for part in parts) <= _NARROW
            and agreed.max() >= _LEAST_OF_TWO
            and rows >= _LEAST_ROWS_OF_TWO
        )
    return bool(
        is_narrow.any()
        and is_text.mean() <= _MOST_TEXT
        and agreed.max() >= _LEAST_AGREEMENT
        and rows >= _LEAST_ROWS
    )


def _cells(grid: _Grid) -> Table:
    spans, columns, body = grid.spans, grid.columns, grid.body
    edges = _edges(grid)
    row = np.searchsorted(edges, spans.row[body], side="right")
    _, row = np.unique(row, return_inverse=True)
    column = columns.of_line[body]
    order = np.lexsort((spans.left[body], spans.row[body], column, row))
    return Table(body[order], row[order], column[order])


def _edges(grid: _Grid) -> np.ndarray:
    """Return the heights between the rows of a table, ascending."""
    spans, columns, body = grid.spans, grid.columns, grid.body
    head = _head_end(grid)
    rest = body[spans.row[body] > head] if head is not None else body
    parts = column_lines(spans, columns.of_line, rest[~columns.spans[rest]])
    starts = row_starts(parts)
    bands = [level for level in grid.level if head is None or level > head]
    inside = np.searchsorted(bands, starts) if len(bands) else np.zeros(len(starts), int)
    _, counts = np.unique(inside, return_counts=True)
    # Rules between all rows say more than the heights of lines.
    is_low = len(bands) > 2 and np.median(np.diff(bands)) <= _LOW_BAND
    is_by_rules = len(bands) > 2 and (is_low or np.median(counts) == 1)
    edges = list(bands) if is_by_rules else [*bands, *_above(starts, parts)]
    wide = rest[columns.spans[rest]]
    edges += [*(spans.row[wide] - _RISE), *(spans.row[wide] + _RISE)]
    return np.sort(np.array([*edges, *([] if head is None else [head])], float))


def _above(starts: np.ndarray, parts: list[ColumnLines]) -> np.ndarray:
    """Return where rows end that are followed by those with the given beginnings.

    Lines of a column that is not dense may be somewhat higher than the beginning of their row.
    """
    high = np.concatenate([np.zeros(0), *(part.row for part in parts if not part.is_dense)])
    edges = []
    for start in starts:
        near = high[(high > start - _HIGHEST) & (high < start - _RISE)]
        edges.append(min(near.min(initial=np.inf) - 0.05, start - _RISE))
    return np.array(edges)


def _head_end(grid: _Grid) -> float | None:
    """Return where the head of a table ends, if a rule is below it."""
    spans, body = grid.spans, grid.body
    if not len(grid.level):
        return None
    top, bottom = spans.row[body].min(), spans.row[body].max()
    highest = min(_HEAD, _HEAD_SHARE * (bottom - top))
    ends = grid.level[grid.level <= top + highest]
    # Where rules repeat, they are between rows.
    if not len(ends) or len(grid.level) - len(ends) > 1:
        return None
    above = body[spans.row[body] <= ends[-1]]
    parts = [part for part in column_lines(spans, grid.columns.of_line, above) if len(part)]
    shared = [
        sum(is_near(part.row[i : i + 1], other.row)[0] for other in parts) / len(parts)
        for part in parts
        for i in range(len(part))
    ]
    has_rows = len(set(np.round(spans.row[above]))) > 1 and np.mean(shared) > _HEAD_LEVEL
    return None if has_rows else float(ends[-1])
