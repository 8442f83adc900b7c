"""Scores of baseline detection, after cBAD.

Grüning, Labahn, Diem, Kleber & Fiel, "READ-BAD: A new dataset and evaluation scheme for baseline
detection in archival documents" (2017), but with one tolerance for a page: a quarter of its line
pitch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from model.geometry.polylines import arc_lengths, resample

_TOLERANCE_PITCHES = 0.25
# Distance of the points on a baseline, in tolerances.
_STEP_TOLERANCES = 0.25
_MOST_POINTS = 4_000
# A true line with a smaller share on its match is ignored in the reading order.
_SAME_LINE = 0.5


@dataclass(frozen=True)
class LineScore:
    """Detection scores of the lines of a page, or their means over several pages.

    Attributes:
        precision: Share of the length of detected baselines that lies on true ones.
        recall: Share of the length of true baselines that lies on detected ones.
        f1: Harmonic mean of the two.
        line_precision: Mean over detected lines of the share that lies on the one true line
            matched to it, 0 without a match; if a line is detected in halves, only one matches.
        line_recall: Mean over true lines of the share that lies on its match.
        line_f1: Harmonic mean of the last two.
        order_error: Share of pairs of matched lines that are in the wrong order.
        found: Number of detected lines.
        true: Number of true lines.
    """

    precision: float
    recall: float
    f1: float
    line_precision: float
    line_recall: float
    line_f1: float
    order_error: float
    found: float
    true: float


def score_lines(
    found: Sequence[np.ndarray], true: Sequence[np.ndarray], pitch_px: float
) -> LineScore:
    """Return the detection scores of the baselines of a page.

    Args:
        found: Detected baselines, float [n, 2] each, in their order.
        true: Baselines of the ground truth, float [n, 2] each, in reading order.
        pitch_px: The true line pitch.

    Returns:
        The scores; perfect for a page without lines on which none is detected.

    Example:
        >>> line = np.array([[0.0, 10], [100, 10]])
        >>> score = score_lines([line + [0, 2]], [line, line + [0, 40]], 40)
        >>> score.precision, score.recall, score.line_recall
        (1.0, 0.5, 0.5)
    """
    if not found or not true:
        perfect = float(not found and not true)
        shares = (float(not found), float(not true), perfect) * 2
        return LineScore(*shares, 0.0, len(found), len(true))
    tolerance_px = _TOLERANCE_PITCHES * pitch_px
    found_points = _points(found, tolerance_px)
    true_points = _points(true, tolerance_px)
    precision, precise = _hits(found_points, true_points, tolerance_px)
    recall, recalled = _hits(true_points, found_points, tolerance_px)
    recalled = recalled.T
    pairs = match_lines(precise, recalled)
    line_precision = float(sum(precise[pair] for pair in pairs)) / len(found)
    line_recall = float(sum(recalled[pair] for pair in pairs)) / len(true)
    return LineScore(
        precision,
        recall,
        harmonic_mean(precision, recall),
        line_precision,
        line_recall,
        harmonic_mean(line_precision, line_recall),
        order_error([pair for pair in pairs if recalled[pair] >= _SAME_LINE]),
        len(found),
        len(true),
    )


def harmonic_mean(one: float, other: float) -> float:
    """Return the harmonic mean of two shares; 0 if both are 0.

    Example:
        >>> harmonic_mean(0.5, 1.0), harmonic_mean(0.0, 0.0)
        (0.6666666666666666, 0.0)
    """
    return 2 * one * other / (one + other) if one + other > 0 else 0.0


def mean_score(scores: Iterable[LineScore]) -> LineScore:
    """Return the mean of each measure over pages.

    Raises:
        ValueError: If there is no page.
    """
    rows = [[getattr(score, field.name) for field in fields(LineScore)] for score in scores]
    if not rows:
        raise ValueError("no page to score; give pages with lines")
    return LineScore(*(float(mean) for mean in np.mean(rows, axis=0)))


def match_lines(precise: np.ndarray, recalled: np.ndarray) -> list[tuple[int, int]]:
    """Return a one-to-one matching of detected and true lines, greedy by their overlap.

    Args:
        precise: float [found, true], share of the detected line that lies on the true one.
        recalled: float [found, true], share of the true line that lies on the detected one.

    Returns:
        (found, true) indices, in the order of the detected lines.

    Example:
        >>> match_lines(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.4, 0.0], [0.5, 0.0]]))
        [(1, 0)]
    """
    overlap = precise * recalled
    matched, taken_found, taken_true = [], set(), set()
    rows, columns = np.nonzero(overlap > 0)
    for at in np.argsort(-overlap[rows, columns], kind="stable"):
        one, other = int(rows[at]), int(columns[at])
        if one not in taken_found and other not in taken_true:
            matched.append((one, other))
            taken_found.add(one)
            taken_true.add(other)
    return sorted(matched)


def order_error(pairs: Sequence[tuple[int, int]]) -> float:
    """Return the normalised Kendall tau distance of an order from the true one.

    Args:
        pairs: Detected and true position of each line.

    Returns:
        Share of pairs of lines in the wrong order; 0 for fewer than two lines.

    Example:
        >>> order_error([(0, 0), (1, 2), (2, 1)])
        0.3333333333333333
    """
    true = np.array([place for _, place in sorted(pairs)])
    if len(true) < 2:
        return 0.0
    wrong = np.triu(true[:, None] > true[None], 1).sum()
    return float(wrong / (len(true) * (len(true) - 1) / 2))


def _points(paths: Sequence[np.ndarray], tolerance_px: float) -> list[np.ndarray]:
    """Return baselines resampled evenly, with a spacing below the tolerance."""
    points = []
    for path in paths:
        length = arc_lengths(path)[-1]
        count = int(np.clip(length / (_STEP_TOLERANCES * tolerance_px) + 1, 2, _MOST_POINTS))
        points.append(resample(path, np.linspace(0, length, count)))
    return points


def _hits(
    lines: Sequence[np.ndarray], others: Sequence[np.ndarray], tolerance_px: float
) -> tuple[float, np.ndarray]:
    """Return the shares of lines that lie within the tolerance of other lines.

    Returns:
        Share of the points of all lines that lie near any of the others; and float [lines,
        others], share of each line that lies near each of the others.
    """
    lows, highs = (
        np.array([reach(axis=0) for reach in reaches])
        for reaches in ([line.min for line in others], [line.max for line in others])
    )
    shares = np.zeros((len(lines), len(others)))
    hit, total = 0, 0
    for own, line in enumerate(lines):
        touches = (lows <= line.max(axis=0) + tolerance_px).all(axis=1)
        touches &= (highs >= line.min(axis=0) - tolerance_px).all(axis=1)
        near_any = np.zeros(len(line), bool)
        for other in np.flatnonzero(touches):
            apart = line[:, None] - others[other][None]
            near = ((apart**2).sum(axis=2) <= tolerance_px**2).any(axis=1)
            shares[own, other] = near.mean()
            near_any |= near
        hit, total = hit + int(near_any.sum()), total + len(line)
    return hit / total, shares
