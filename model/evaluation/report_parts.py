"""Rates and characters as text and HTML, for the report of an evaluation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from model.evaluation.error_summary import RateEstimate
from model.report.html import escape, isolated

_DOTTED_CIRCLE = "\u25cc"
_OPEN_BOX = "\u2423"


def percent(rate: float) -> str:
    """Return a rate as a percentage.

    Example:
        >>> percent(0.0462), percent(float("inf"))
        ('4.62 %', 'no text')
    """
    return f"{rate:.2%}".replace("%", " %") if rate < float("inf") else "no text"


def interval_text(rate: RateEstimate, pages: int) -> str:
    """Return the confidence interval of a rate as text; a single page has none.

    Example:
        >>> from model.evaluation.metrics import ErrorCount
        >>> interval_text(RateEstimate(ErrorCount(1, 20), (0.04, 0.06)), 2)
        '4.00 to 6.00 %'
        >>> interval_text(RateEstimate(ErrorCount(1, 20), (0.05, 0.05)), 1)
        'one page'
    """
    if pages == 1:
        return "one page"
    low, high = rate.interval
    # The ends are NaN if no resample has any text.
    return f"{100 * low:.2f} to {percent(high)}" if low <= high else "no text"


def rate_cell(rate: RateEstimate, pages: int, full: float) -> str:
    """Return a rate with its interval, as text and as marks on a scale.

    Args:
        rate: The rate.
        pages: Number of pages that it was measured on.
        full: RateEstimate at the right end of the scale.

    Returns:
        HTML.
    """
    low, high = rate.interval
    track = ""
    if low <= high and full > 0:
        left, right, at = (100 * min(x / full, 1) for x in (low, high, rate.errors.rate))
        track = (
            f'<i style="left:{left:.2f}%;width:{right - left:.2f}%"></i>'
            f'<u style="left:{at:.2f}%"></u>'
        )
    return (
        f'<div class="rate"><b>{percent(rate.errors.rate)}</b>'
        f'<small class="soft">{interval_text(rate, pages)}</small>'
        f'<span class="track">{track}</span></div>'
    )


def glyph(character: str) -> str:
    """Return a character in visible form: a space as a box, a combining mark on a circle.

    Args:
        character: One character, or an empty string.

    Returns:
        HTML.

    Example:
        >>> glyph(" "), glyph("")
        ('<span class="glyph"><bdi>␣</bdi></span>', '<span class="soft">nothing</span>')
    """
    if not character:
        return '<span class="soft">nothing</span>'
    return f'<span class="glyph">{isolated(visible(character))}</span>'


def visible(text: str) -> str:
    """Return a text with visible spaces, and a circle under a combining mark at its start."""
    circle = _DOTTED_CIRCLE * unicodedata.category(text[0]).startswith("M") if text else ""
    return circle + text.replace(" ", _OPEN_BOX)


def marked_runs(runs: Iterable[tuple[str, bool]]) -> str:
    """Return a text with its errors marked.

    Args:
        runs: Parts of the text, each with whether it is wrong; from
            `model.evaluation.confusions.marked`.

    Returns:
        HTML.

    Example:
        >>> marked_runs([("le", False), (" ", True)])
        'le<mark>␣</mark>'
    """
    return "".join(
        f"<mark>{escape(visible(text))}</mark>" if is_wrong else escape(text)
        for text, is_wrong in runs
    )
