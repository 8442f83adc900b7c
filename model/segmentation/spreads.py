"""Tables on the two pages of a spread: one on each page, or one that runs on across the fold."""

from __future__ import annotations

import numpy as np

from model.segmentation.rules import NO_RULES, Rules
from model.segmentation.runs import true_runs
from model.segmentation.tables import Table, find_table
from model.segmentation.text_blocks import Spans

# A spread is wider than high by this factor; its fold is in this part of the width.
_LANDSCAPE, _FOLD_FROM, _FOLD_TO = 1.15, 0.35, 0.65
# The inner margins together are this wide, in line pitches; so many lines may cross them.
_LEAST_FOLD, _MOST_ACROSS, _STEPS = 1.5, 0.02, 400
# Columns of two tables are alike up to this share of their width.
_ALIKE = 0.08
# Rows go on across the fold where this share of them is at the same height, in line pitches.
_SAME_ROWS, _SAME_HEIGHT = 0.7, 0.6


def find_tables(
    spans: Spans, pitch_px: float, rules: Rules = NO_RULES
) -> list[tuple[np.ndarray, Table | None]]:
    """Divide the lines of a page into parts that are read one after the other.

    Args:
        spans: The lines on the levelled page, in pixels.
        pitch_px: Line pitch.
        rules: Rules of the levelled page, in pixels.

    Returns:
        The lines of each part, int [n], and the table that is among them. There is one part,
        unless the lines are those of a spread whose pages hold tables of their own.
    """
    every = np.arange(len(spans))
    whole = find_table(spans, pitch_px, rules)
    fold = _find_fold(spans, pitch_px, rules)
    if fold is None:
        return [(every, whole)]
    centre = (spans.left + spans.right) / 2
    halves = [every[centre < fold], every[centre >= fold]]
    tables = [_table_among(half, spans, pitch_px, rules) for half in halves]
    if not any(tables) or (whole and _runs_on(spans, pitch_px, whole, *tables)):
        return [(every, whole)]
    return list(zip(halves, tables))


def _find_fold(spans: Spans, pitch_px: float, rules: Rules) -> float | None:
    """Return the middle of the widest gap between two halves of a page, if it is a spread."""
    if not len(spans):
        return None
    left, right = spans.left.min(), spans.right.max()
    ends = [spans.row, rules.upright[:, :, 1].ravel()]
    height = max(np.ptp(end) for end in ends if len(end))
    if right - left < _LANDSCAPE * height:
        return None
    x = np.linspace(left, right, _STEPS)
    over = (spans.left[:, None] < x) & (spans.right[:, None] > x)
    clear = over.sum(axis=0) <= _MOST_ACROSS * len(spans)
    runs = [(x[first], x[last - 1]) for first, last in true_runs(clear)]
    share = [((a + b) / 2 - left) / (right - left) for a, b in runs]
    inner = [run for run, at in zip(runs, share) if _FOLD_FROM <= at <= _FOLD_TO]
    widest = max(inner, key=lambda run: run[1] - run[0], default=(0.0, 0.0))
    return sum(widest) / 2 if widest[1] - widest[0] >= _LEAST_FOLD * pitch_px else None


def _table_among(lines: np.ndarray, spans: Spans, pitch_px: float, rules: Rules) -> Table | None:
    own = Spans(spans.left[lines], spans.right[lines], spans.row[lines])
    table = find_table(own, pitch_px, rules)
    return table and Table(lines[table.lines], table.row, table.column)


def _runs_on(
    spans: Spans, pitch_px: float, whole: Table, left: Table | None, right: Table | None
) -> bool:
    """Whether a table runs on across the fold, other than two of the same form side by side."""
    if left and right:
        return not _are_alike(spans, left, right) and _have_same_rows(
            _tops(spans, left), _tops(spans, right), pitch_px
        )
    half = left or right
    return _have_same_rows(_tops(spans, half), _tops(spans, whole), pitch_px)


def _are_alike(spans: Spans, left: Table, right: Table) -> bool:
    places = []
    for table in (left, right):
        columns = range(table.column.max() + 1)
        starts = [np.median(spans.left[table.lines[table.column == c]]) for c in columns]
        width = spans.right[table.lines].max() - starts[0]
        places.append((np.array(starts) - starts[0]) / width)
    return len(places[0]) == len(places[1]) and np.abs(places[0] - places[1]).mean() <= _ALIKE


def _tops(spans: Spans, table: Table) -> np.ndarray:
    """Return the height of the first line of each row."""
    rows = range(table.row.max() + 1)
    return np.array([spans.row[table.lines[table.row == row]].min() for row in rows])


def _have_same_rows(tops: np.ndarray, others: np.ndarray, pitch_px: float) -> bool:
    near = np.abs(tops[:, None] - others[None]) <= _SAME_HEIGHT * pitch_px
    return bool(min(near.any(axis=0).mean(), near.any(axis=1).mean()) >= _SAME_ROWS)
