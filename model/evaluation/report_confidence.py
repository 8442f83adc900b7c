"""The section of an evaluation report on confidences: reliability diagrams, predicted CERs."""

from __future__ import annotations

from model.decoding.calibration import ReliabilityBin, expected_calibration_error
from model.decoding.config import BEAM
from model.evaluation.confidence_summary import ConfidenceSummary
from model.evaluation.report_parts import percent
from model.report.html import escape, grouped, isolated, table

_SIDE, _MARGIN = 300, 28
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def confidence_section(summary: ConfidenceSummary) -> tuple[str, str]:
    """Return the section on confidences.

    Args:
        summary: The figures.

    Returns:
        Lead, text, and content, HTML.
    """
    used = "after" if summary.method == BEAM else "before"
    lead = (
        "Share of correct characters by confidence; on the diagonal the two are equal. The "
        "expected calibration error is the mean distance from the diagonal. Transcripts have the "
        f"confidence {used} the temperature of {summary.temperature:.2f}."
    )
    charts = "".join(
        _figure(name, bins)
        for name, bins in (
            ("before the temperature", summary.plain),
            ("after the temperature", summary.tempered),
        )
    )
    return lead, f'<div class="charts">{charts}</div>{_pages(summary)}'


def _figure(name: str, bins: tuple[ReliabilityBin, ...]) -> str:
    error = expected_calibration_error(bins)
    caption = f"{name}: calibration error {error:.3f}"
    return (
        f"<figure>{reliability_diagram(bins, caption)}<figcaption>{caption}</figcaption></figure>"
    )


def reliability_diagram(bins: tuple[ReliabilityBin, ...], label: str) -> str:
    """Return a reliability diagram: the share of correct characters by confidence.

    Args:
        bins: From `calibration.reliability`.
        label: Description for screen readers.

    Returns:
        An SVG element, coloured by the style sheet of the page.
    """
    most = max((bin.count for bin in bins), default=0) or 1
    marks = [_bar(bin, most) for bin in bins if bin.count]
    ends = f"M{_x(0):.1f} {_y(0):.1f}L{_x(1):.1f} {_y(1):.1f}"
    return (
        f'<svg class="reliability" viewBox="0 0 {_SIDE} {_SIDE}" role="img" '
        f'aria-label="{escape(label)}">{"".join(marks)}'
        f'<path class="diagonal" d="{ends}"/>{"".join(_axes())}</svg>'
    )


def _x(share: float) -> float:
    return _MARGIN + share * (_SIDE - 2 * _MARGIN)


def _y(share: float) -> float:
    return _SIDE - _x(share)


def _bar(bin: ReliabilityBin, most: int) -> str:
    """Return the bar of a bin: its height is the accuracy, its opacity rises with the count."""
    left, right, top = _x(bin.lower) + 0.5, _x(bin.upper) - 0.5, _y(bin.accuracy)
    opacity = 0.25 + 0.65 * (bin.count / most) ** 0.25
    title = (
        f"{grouped(bin.count)} characters of confidence {bin.confidence:.2f}: "
        f"{percent(bin.accuracy)} correct"
    )
    return (
        f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{max(_y(0) - top, 0.5):.1f}" fill-opacity="{opacity:.2f}">'
        f"<title>{title}</title></rect>"
    )


def _axes() -> list[str]:
    low, high = _x(0), _x(1)
    parts = [f'<path class="axis" d="M{low} {low}V{high}H{high}"/>']
    for share in _TICKS:
        x, y = _x(share), _y(share)
        parts.append(f'<text x="{x:.1f}" y="{high + 12}" text-anchor="middle">{share:g}</text>')
        parts.append(f'<text x="{low - 4}" y="{y + 3:.1f}" text-anchor="end">{share:g}</text>')
    parts.append(f'<text x="{high}" y="{_SIDE - 4}" text-anchor="end">confidence</text>')
    parts.append(f'<text x="{low}" y="{low - 8}">share of correct characters</text>')
    return parts


def _pages(summary: ConfidenceSummary) -> str:
    if not summary.pages:
        return ""
    rows = [
        (
            isolated(uri),
            percent(page.predicted),
            percent(page.measured),
            f"{100 * (page.predicted - page.measured):+.2f}",
        )
        for uri, page in sorted(summary.pages.items())
    ]
    lead = (
        f"The CER of {summary.near_pages} of {len(summary.pages)} pages was predicted within 2 "
        "percentage points from confidences alone; mean absolute error "
        f"{100 * summary.mean_page_error:.2f} points."
    )
    headings = ("page", "CER predicted", "CER measured", "difference, points")
    return f'<h3>CER of pages</h3><p class="lead">{lead}</p>{table(headings, rows)}'
