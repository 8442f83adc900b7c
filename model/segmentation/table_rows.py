"""The rows of a table: heights at which the lines of several columns begin together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.segmentation.text_blocks import Spans

# Lengths are in line pitches. Lines of one row are at the same height up to this.
_SAME_HEIGHT = 0.42
# Another column begins another row only at this distance.
_ANOTHER, _OWN_ROW = 0.85, 0.6
# A column of text: most of its lines follow each other at this distance. A line of another
# column that stands alone goes on with its cell at this distance.
NEXT_LINE, _DIRECTLY = 1.5, 1.3
# Least share of a column's lines at the beginnings of rows, for a column that tells where rows
# begin; and of lines of a sparser column beside a column of entries of several lines.
_AGREES, _WITHIN = 0.75, 0.8
_SPARSER, _EQUAL = 0.7, 0.8
# Weight of a line that follows another one, beside that of a line after a gap.
_FOLLOWING = 0.5
# Lines that follow others are further lines of entries if a column has lines beside this share
# of the others at least, and beside this share of them at most.
_LEAST_FURTHER, _HAS_FIRST, _HAS_FURTHER = 3, 0.8, 0.25


@dataclass(frozen=True, eq=False)
class ColumnLines:
    """The lines of one column, from top to bottom.

    Attributes:
        lines: int [n], their indices.
        row: float [n], their heights in line pitches.
        width: Median length in line pitches.
    """

    lines: np.ndarray
    row: np.ndarray
    width: float

    def __len__(self) -> int:
        return len(self.row)

    @property
    def is_dense(self) -> bool:
        """Whether most lines follow directly below one another."""
        return len(self) > 3 and float(np.median(np.diff(self.row))) <= NEXT_LINE


def column_lines(spans: Spans, of_line: np.ndarray, lines: np.ndarray) -> list[ColumnLines]:
    """Return the lines of each column; a column without any of them is empty.

    Args:
        spans: All lines, in line pitches.
        of_line: int [n], the column of each line.
        lines: The lines to take.
    """
    columns = []
    for column in range(int(of_line.max(initial=-1)) + 1):
        own = lines[of_line[lines] == column]
        own = own[np.argsort(spans.row[own], kind="stable")]
        width = float(np.median(spans.width[own])) if len(own) else 0.0
        columns.append(ColumnLines(own, spans.row[own], width))
    return columns


def agreement(columns: list[ColumnLines]) -> np.ndarray:
    """Return how far the lines of columns are at the same heights, beyond chance.

    Args:
        columns: The columns.

    Returns:
        float [n, n]: the share of the first column's lines at heights of the second's, 0 where
        there are no more than lines at any heights would have, 1 for all.

    Example:
        >>> rows = np.arange(0, 30, 3.0)
        >>> one = ColumnLines(np.arange(10), rows, 2.0)
        >>> agreement([one, one, ColumnLines(np.arange(10), rows + 1.5, 2.0)])[0].tolist()
        [1.0, 1.0, 0.0]
    """
    shares = np.zeros((len(columns), len(columns)))
    for a, one in enumerate(columns):
        for b, other in enumerate(columns):
            if not len(one) or not len(other):
                continue
            shared = is_near(one.row, other.row).mean()
            extent = max(np.ptp(other.row), 1.0)
            chance = min(2 * _SAME_HEIGHT * len(other) / (extent + 1), 0.9)
            shares[a, b] = max(0.0, (shared - chance) / (1 - chance))
    return shares


def is_near(heights: np.ndarray, others: np.ndarray, limit: float = _SAME_HEIGHT) -> np.ndarray:
    """Return which heights are near one of some others: bool [n]."""
    if not len(others):
        return np.zeros(len(heights), bool)
    return np.abs(heights[:, None] - others[None]).min(axis=1) <= limit


def row_starts(columns: list[ColumnLines]) -> np.ndarray:
    """Return the heights at which the rows of a table begin.

    An entry may have several lines in one column and one in the others, and these may be beside
    its first line (number, day) or beside its last (amount): the leading columns decide.

    Args:
        columns: The columns from left to right.

    Returns:
        float [rows], in line pitches, ascending.

    Example:
        >>> day = ColumnLines(np.arange(3), np.array([0.0, 3, 5]), 2.0)
        >>> text = ColumnLines(np.arange(7), np.arange(7.0), 9.0)
        >>> amount = ColumnLines(np.arange(3), np.array([2.0, 4, 6]), 2.0)
        >>> row_starts([day, text, amount]).tolist()
        [0.0, 3.0, 5.0]
    """
    filled = [column for column in columns if len(column)]
    if not filled:
        return np.zeros(0)
    leader = _leader(filled)
    starts = _first_lines(filled[leader], filled)
    others = [column for index, column in enumerate(filled) if index != leader]
    if not filled[leader].is_dense:
        others = [column for column in others if not column.is_dense]
    while others:
        shares = [float(is_near(column.row, starts).mean()) for column in others]
        best = int(np.argmax(shares))
        if shares[best] < _AGREES:
            break
        row = others.pop(best).row
        beside = [one.row for one, share in zip(others, shares) if share >= _AGREES]
        starts = _with_new_rows(starts, row, np.concatenate([np.zeros(0), *beside]))
    return _merged(starts)


def _leader(columns: list[ColumnLines]) -> int:
    """Return the column whose lines most other columns share, the leftmost of equal ones."""
    near = np.array([[is_near(a.row, b.row).mean() for b in columns] for a in columns])
    counts = np.array([len(column) for column in columns], float)
    mutual = 2 * near * counts[:, None] / (counts[:, None] + counts)
    mutual = (mutual + mutual.T) / 2
    np.fill_diagonal(mutual, 0)
    others = near - np.eye(len(columns))
    scores = (mutual**3).sum(axis=1) * others.mean(axis=1) ** 2
    scores *= [_FOLLOWING + np.mean(_begins(column)) for column in columns]
    sparser = counts < _SPARSER * counts[:, None]
    holds = (near.T >= _WITHIN) & sparser & (counts >= 2)
    goes_on = holds.any(axis=1) & ~(mutual >= _EQUAL).any(axis=1)
    scores = np.where(goes_on & (~goes_on).any(), -1.0, scores)
    return int(np.argmax(scores >= 0.9 * scores.max()))


def _first_lines(leader: ColumnLines, columns: list[ColumnLines]) -> np.ndarray:
    """Return where entries of the leading column begin, if another column has one line for each."""
    begins = _begins(leader)
    first, further = leader.row[begins], leader.row[~begins]
    if len(further) < _LEAST_FURTHER:
        return leader.row
    for column in columns:
        has_first = is_near(first, column.row).mean()
        if has_first >= _HAS_FIRST and is_near(further, column.row).mean() <= _HAS_FURTHER:
            return first
    return leader.row


def _begins(column: ColumnLines) -> np.ndarray:
    """Return which lines do not follow directly below another of their column: bool [n]."""
    return np.diff(column.row, prepend=-np.inf) > NEXT_LINE


def _with_new_rows(starts: np.ndarray, row: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Add rows that begin with lines of another column.

    Args:
        starts: float [rows], the rows so far.
        row: float [n], the lines of the column, ascending.
        beside: float [m], lines of further columns that tell where rows begin.
    """
    is_new = ~is_near(row, starts, _ANOTHER)
    # What follows directly below another line and stands alone is a further line of its cell.
    is_new &= (np.diff(row, prepend=-np.inf) > _DIRECTLY) | is_near(row, beside)
    return np.sort(np.concatenate([starts, row[is_new]]))


def _merged(heights: np.ndarray) -> np.ndarray:
    """Keep one of several heights that are one row."""
    kept: list[float] = []
    for height in np.sort(heights):
        if not kept or height - kept[-1] > _OWN_ROW:
            kept.append(float(height))
    return np.array(kept)
