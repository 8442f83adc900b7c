"""Matching of detected lines with lines of the ground truth, by their baselines.

Two lines match if enough points of one baseline lie within a quarter of the line pitch of the other
(after cBAD; see `model.evaluation.line_scores`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.evaluation.line_scores import LineScore, match_lines, mean_score, score_lines
from model.geometry.extent import line_extents, line_pitch_px
from model.geometry.polylines import arc_lengths
from schemas.records import Line

# Lines that share less than this of both their lengths only cross or touch.
_LEAST_SHARE = 0.5
# Typical length of a line in line pitches, to guess the pitch of a page with a single line.
_TYPICAL_LENGTH_PITCHES = 10


@dataclass(frozen=True)
class PageMatch:
    """The detected lines of a page matched with those of the ground truth.

    Attributes:
        pairs: (found, true) indices into the two sequences of lines, one to one.
        score: Line detection score; lines without geometry are ignored.
    """

    pairs: tuple[tuple[int, int], ...]
    score: LineScore


def match_by_place(found: Sequence[Line], true: Sequence[Line]) -> PageMatch:
    """Return the detected lines of a page matched with the true ones, most similar pairs first.

    Args:
        found: Detected lines in their order, with baselines or polygons in pixels.
        true: Lines of the ground truth in reading order, in the same pixels; those without
            geometry stay unmatched.

    Returns:
        The pairs and the line detection score.

    Example:
        >>> upper = Line("a", 0, baseline=((0, 10), (100, 10)))
        >>> lower = Line("b", 1, baseline=((0, 50), (100, 50)))
        >>> match_by_place([Line("l1", 0, baseline=((2, 52), (99, 52)))], [upper, lower]).pairs
        ((0, 1),)
    """
    own, own_indices = _paths(found)
    others, other_indices = _paths(true)
    pitches_px = [px for px in (_pitch_px(others, true), _pitch_px(own, found)) if px > 0]
    pitch_px, *_ = pitches_px or [_guess_px(others)]
    # If the truth lacks lines, its pitch is too large to distinguish neighbouring lines.
    pairs = match_lines(*_shares(own, others, min(pitches_px, default=pitch_px)))
    matched = tuple((own_indices[one], other_indices[other]) for one, other in pairs)
    return PageMatch(matched, score_lines(own, others, pitch_px))


def total_score(scores: Iterable[LineScore]) -> LineScore:
    """Return the mean of the measures over pages, as in cBAD, with the sums of their lines.

    Raises:
        ValueError: If there is no page.
    """
    scores = list(scores)
    found, true = (sum(getattr(score, count) for score in scores) for count in ("found", "true"))
    return replace(mean_score(scores), found=int(found), true=int(true))


def score_to_dict(score: LineScore) -> dict[str, float]:
    """Return the measures by their names in the JSON object of an evaluation."""
    return {
        "line_precision": score.line_precision,
        "line_recall": score.line_recall,
        "line_f1": score.line_f1,
        "baseline_precision": score.precision,
        "baseline_recall": score.recall,
        "baseline_f1": score.f1,
        "lines_found": score.found,
        "lines_true": score.true,
        "order_error": score.order_error,
    }


def _paths(lines: Sequence[Line]) -> tuple[list[np.ndarray], list[int]]:
    """Return baselines, float [n, 2] each, and the indices of their lines.

    A line without a baseline gets one that is derived from its polygon.
    """
    paths, indices = [], []
    for index, (line, extent) in enumerate(zip(lines, line_extents(lines))):
        if extent is not None:
            has_baseline = len(line.baseline) >= 2
            paths.append(np.array(line.baseline, float) if has_baseline else extent.path)
            indices.append(index)
    return paths, indices


def _pitch_px(paths: Sequence[np.ndarray], lines: Sequence[Line]) -> float:
    return line_pitch_px(paths, lines) if paths else 0.0


def _guess_px(paths: Sequence[np.ndarray]) -> float:
    longest = max((arc_lengths(path)[-1] for path in paths), default=1.0)
    return float(longest) / _TYPICAL_LENGTH_PITCHES


def _shares(
    found: Sequence[np.ndarray], true: Sequence[np.ndarray], pitch_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the overlap of all pairs of lines.

    Returns:
        Two float [found, true]: share of the detected line on the true one, and of the true line
        on the detected one; 0 for lines that do not match.
    """
    precise = np.zeros((len(found), len(true)))
    recalled = np.zeros_like(precise)
    if not precise.size:
        return precise, recalled
    lows, highs = (np.array([reach(path) for path in true]) for reach in (_low, _high))
    for own, path in enumerate(found):
        # The tolerance is less than the pitch: lines further away cannot overlap.
        near = (lows <= _high(path) + pitch_px) & (highs >= _low(path) - pitch_px)
        for other in np.flatnonzero(near.all(axis=1)):
            score = score_lines([path], [true[other]], pitch_px)
            if max(score.precision, score.recall) >= _LEAST_SHARE:
                precise[own, other], recalled[own, other] = score.precision, score.recall
    return precise, recalled


def _low(path: np.ndarray) -> np.ndarray:
    return path.min(axis=0)


def _high(path: np.ndarray) -> np.ndarray:
    return path.max(axis=0)
