"""Which found line is which line of the truth, by where they lie.

Two lines belong together where enough of one baseline's points lie within a quarter of the
line pitch of the other's (after cBAD; see `model.evaluation.line_scores`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.evaluation.line_scores import LineScore, match_lines, mean_score, score_lines
from model.geometry.extent import line_extents, line_pitch_px
from model.geometry.polylines import arc_lengths
from schemas.records import Line

# Lines of which neither has so much of itself on the other only cross or touch.
_LEAST_SHARE = 0.5
# Where nothing else tells the pitch of a page: a line of writing is so many pitches long.
_USUAL_LENGTH_PITCHES = 10


@dataclass(frozen=True)
class PageMatch:
    """The found lines of a page beside the true ones.

    Attributes:
        pairs: (found, true), places in the two sequences of lines, one to one.
        score: How well the lines were found; lines without geometry are left out of it.
    """

    pairs: tuple[tuple[int, int], ...]
    score: LineScore


def match_by_place(found: Sequence[Line], true: Sequence[Line]) -> PageMatch:
    """Match the found lines of a page with the true ones, those most alike first.

    Args:
        found: In the order found, with baselines or polygons in pixels of the image.
        true: In reading order, in the same pixels; what has no geometry stays unmatched.

    Returns:
        The pairs, and how well the lines were found.

    Example:
        >>> upper = Line("a", 0, baseline=((0, 10), (100, 10)))
        >>> lower = Line("b", 1, baseline=((0, 50), (100, 50)))
        >>> match_by_place([Line("l1", 0, baseline=((2, 52), (99, 52)))], [upper, lower]).pairs
        ((0, 1),)
    """
    own, own_places = _paths(found)
    others, other_places = _paths(true)
    pitches_px = [px for px in (_pitch_px(others, true), _pitch_px(own, found)) if px > 0]
    pitch_px, *_ = pitches_px or [_guess_px(others)]
    # Where a truth has gaps its pitch is too wide to tell neighbours apart.
    pairs = match_lines(*_shares(own, others, min(pitches_px, default=pitch_px)))
    placed = tuple((own_places[one], other_places[other]) for one, other in pairs)
    return PageMatch(placed, score_lines(own, others, pitch_px))


def total_score(scores: Iterable[LineScore]) -> LineScore:
    """Average the measures over pages, as cBAD does, and add up their lines.

    Raises:
        ValueError: If there is no page.
    """
    scores = list(scores)
    found, true = (sum(getattr(score, count) for score in scores) for count in ("found", "true"))
    return replace(mean_score(scores), found=int(found), true=int(true))


def score_to_dict(score: LineScore) -> dict[str, float]:
    """Name the measures as the JSON object of an evaluation does."""
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
    """Give the baselines, float [n, 2] each, as drawn or else laid into the polygon."""
    paths, places = [], []
    for place, (line, extent) in enumerate(zip(lines, line_extents(lines))):
        if extent is not None:
            has_baseline = len(line.baseline) >= 2
            paths.append(np.array(line.baseline, float) if has_baseline else extent.path)
            places.append(place)
    return paths, places


def _pitch_px(paths: Sequence[np.ndarray], lines: Sequence[Line]) -> float:
    return line_pitch_px(paths, lines) if paths else 0.0


def _guess_px(paths: Sequence[np.ndarray]) -> float:
    longest = max((arc_lengths(path)[-1] for path in paths), default=1.0)
    return float(longest) / _USUAL_LENGTH_PITCHES


def _shares(
    found: Sequence[np.ndarray], true: Sequence[np.ndarray], pitch_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Measure what lines have in common.

    Returns:
        float [found, true] twice: the share of the found line on the true one, and the share
        of the true line on the found one; 0 for lines that do not belong together.
    """
    precise = np.zeros((len(found), len(true)))
    recalled = np.zeros_like(precise)
    if not precise.size:
        return precise, recalled
    lows, highs = (np.array([reach(path) for path in true]) for reach in (_low, _high))
    for own, path in enumerate(found):
        # The tolerance is less than the pitch: what lies further off has nothing in common.
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
