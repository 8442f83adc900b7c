"""Rates and characters as text and HTML, for the report of an evaluation."""

from __future__ import annotations

import unicodedata

from model.evaluation.error_summary import RateEstimate
from model.report.html import isolated

_DOTTED_CIRCLE = "\u25cc"
_OPEN_BOX = "\u2423"


def percent(rate: float) -> str:
    """Write a rate as a percentage.

    Example:
        >>> percent(0.0462), percent(float("inf"))
        ('4.62 %', 'no text')
    """
    return f"{rate:.2%}".replace("%", " %") if rate < float("inf") else "no text"


def interval_text(rate: RateEstimate, pages: int) -> str:
    """Write the interval of a rate; one page has none to speak of.

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
    # Where no draw has any text the ends are not numbers.
    return f"{100 * low:.2f} to {percent(high)}" if low <= high else "no text"


def rate_cell(rate: RateEstimate, pages: int, full: float) -> str:
    """Show a rate, its interval, and both as a mark on a scale.

    Args:
        rate: The rate.
        pages: Pages that it was measured on.
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
    """Show one character so that it can be seen: a space as a box, a mark on a circle.

    Args:
        character: One character, or nothing.

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
    """Make spaces visible, and a mark that has nothing to stand on."""
    circle = _DOTTED_CIRCLE * unicodedata.category(text[0]).startswith("M") if text else ""
    return circle + text.replace(" ", _OPEN_BOX)
