"""The report of an evaluation: error rates, slices, confidences, confusions, worst lines."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from model.evaluation.confidence_summary import ConfidenceSummary
from model.evaluation.confusions import commonest, count_kinds, marked
from model.evaluation.error_summary import ErrorRates, ErrorSummary
from model.evaluation.error_tally import WorstLine
from model.evaluation.line_scores import LineScore
from model.evaluation.report_confidence import confidence_section
from model.evaluation.report_pages import (
    EvaluatedPage,
    page_sections,
    page_table,
    views_style,
)
from model.evaluation.report_parts import glyph, interval_text, marked_runs, percent, rate_cell
from model.evaluation.text_views import RAW
from model.report.html import Figure, escape, grouped, isolated, page, table
from model.text.charset import normalise_text

_CONFUSIONS_SHOWN = 20
_PNG = b"\x89PNG\r\n\x1a\n"
_NAMES_OF_VIEWS = {
    RAW: "unchanged",
    "case_folded": "ignoring case",
    "without_punctuation": "without punctuation",
    "without_diacritics": "without diacritics",
}


@dataclass(frozen=True)
class EvaluationReport:
    """The content of a report.

    Attributes:
        title: What was evaluated.
        facts: (name, value) pairs for the head: model, digest, version.
        summary: The results; its worst lines include their images.
        lines: Line detection scores; None if lines were not detected but given.
        confidence: Evaluation of confidences; None if they are not known.
        views: Pages that are shown as a whole, with their images.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    summary: ErrorSummary
    lines: LineScore | None = None
    confidence: ConfidenceSummary | None = None
    views: tuple[EvaluatedPage, ...] = ()


def build_evaluation_report(report: EvaluationReport) -> str:
    """Return the report of an evaluation.

    Args:
        report: Content of the report.

    Returns:
        An HTML document without scripts and with embedded images, which can be read offline.
    """
    lines, confidence = [], []
    if report.lines:
        lines = [("lines", "Line detection", *_lines(report.lines))]
    if report.confidence:
        confidence = [("confidence", "Confidence", *confidence_section(report.confidence))]
    parts = (
        ("views", "Error rates", *_views(report.summary.overall)),
        *lines,
        *confidence,
        ("slices", "By document and source", *_slices(report.summary)),
        ("pages", "By page", *page_table(report.summary.pages, report.views)),
        ("confusions", "Confusions", *_confusions(report.summary)),
        ("worst", "Worst lines", *_worst(report.summary.worst)),
        *page_sections(report.summary.pages, report.views),
    )
    style = views_style(report.views)
    return page("Evaluation", report.title, _figures(report), report.facts, parts, style)


def _figures(report: EvaluationReport) -> list[Figure]:
    rates, missing = report.summary.overall, report.summary.lines_missing
    cer, wer = rates.characters[RAW], rates.words[RAW]
    figures = [
        Figure(percent(cer.errors.rate), f"CER, 95 %: {interval_text(cer, rates.pages)}"),
        Figure(percent(wer.errors.rate), f"WER, 95 %: {interval_text(wer, rates.pages)}"),
        Figure(grouped(rates.lines), f"lines on {grouped(rates.pages)} pages"),
        Figure(grouped(cer.errors.length), "characters"),
    ]
    if missing:
        figures.append(Figure(grouped(missing), "lines not read, counted as deleted"))
    if report.lines:
        figures.append(Figure(percent(report.lines.line_f1), "F1 of line detection"))
    return figures


def _views(rates: ErrorRates) -> tuple[str, str]:
    lead = (
        "Edits over reference length, summed over all lines; texts in NFC with single spaces. "
        "Confidence intervals of 95 % from 1,000 bootstrap resamples of the pages."
    )
    if rates.pages == 1:
        lead += " A single page cannot be resampled and has no interval."
    full = _full_scale([rates])
    rows = [
        (
            escape(name),
            rate_cell(rates.characters[view], rates.pages, full),
            rate_cell(rates.words[view], rates.pages, full),
        )
        for view, name in _NAMES_OF_VIEWS.items()
    ]
    return lead, table(("texts", "CER", "WER"), rows)


def _lines(score: LineScore) -> tuple[str, str]:
    lead = (
        f"{grouped(score.found)} lines detected, {grouped(score.true)} in the ground truth. "
        "Shares of baselines that lie within a quarter of the line pitch of the others, averaged "
        f"over pages; {percent(score.order_error)} of the pairs of lines are in the wrong order."
    )
    rows = [
        (name, *(percent(share) for share in shares))
        for name, shares in (
            ("matched one to one", (score.line_precision, score.line_recall, score.line_f1)),
            ("total length", (score.precision, score.recall, score.f1)),
        )
    ]
    return lead, table(("baselines", "precision", "recall", "F1"), rows)


def _slices(summary: ErrorSummary) -> tuple[str, str]:
    lead = "Unchanged texts. A slice of few pages has a wide interval, or none."
    parts = []
    for feature in ("document", "source"):
        by_value = summary.slices[feature]
        full = _full_scale(by_value.values())
        rows = [
            (
                isolated(value or "unnamed"),
                rates.pages,
                rates.lines,
                rate_cell(rates.characters[RAW], rates.pages, full),
                rate_cell(rates.words[RAW], rates.pages, full),
            )
            for value, rates in by_value.items()
        ]
        parts.append(table((feature, "pages", "lines", "CER", "WER"), rows))
    return lead, "<br>".join(parts)


def _full_scale(slices: Iterable[ErrorRates]) -> float:
    """Return the rate at the right end of the scale: the highest one to show, at most 1."""
    ends = [
        end
        for rates in slices
        for by_view in (rates.characters, rates.words)
        for rate in by_view.values()
        for end in (*rate.interval, rate.errors.rate)
        if end == end
    ]
    return min(1.0, max(ends, default=0.0))


def _confusions(summary: ErrorSummary) -> tuple[str, str]:
    kinds = count_kinds(summary.confusions)
    total = sum(kinds.values())
    lead = "No character was read wrongly."
    if total:
        counted = ", ".join(f"{grouped(n)} {kind}s" for kind, n in kinds.items())
        shown = min(len(summary.confusions), _CONFUSIONS_SHOWN)
        different = grouped(len(summary.confusions))
        lead = f"{counted}; the {shown} most common of {different} different ones."
    rows = [
        (
            glyph(confusion.truth),
            glyph(confusion.read),
            count,
            f"{100 * count / total:.1f} %",
            f'<span class="soft">{escape(_names(confusion.truth, confusion.read))}</span>',
        )
        for confusion, count in commonest(summary.confusions, _CONFUSIONS_SHOWN)
    ]
    return lead, table(("truth", "read", "count", "share", ""), rows) if rows else ""


def _names(truth: str, read: str) -> str:
    """Return the names of both characters: some look alike."""
    names = [unicodedata.name(c, f"U+{ord(c):04X}").lower() for c in (truth, read) if c]
    if len(names) == 2:
        return " for ".join(reversed(names))
    return f"{names[0]} {'not read' if truth else 'inserted'}"


def _worst(lines: tuple[WorstLine, ...]) -> tuple[str, str]:
    if not lines:
        return "No line has an error.", ""
    lead = f"The {grouped(len(lines))} lines with most character errors; errors are marked."
    return lead, f'<div class="sheet">{"".join(map(_card, lines))}</div>'


def _card(worst: WorstLine) -> str:
    line = worst.line
    truth, read = marked(normalise_text(line.truth or ""), normalise_text(line.read or ""))
    picture = ""
    if line.image.startswith(_PNG):
        data = base64.b64encode(line.image).decode("ascii")
        alt = escape(normalise_text(line.truth or ""))
        picture = f'<div class="picture"><img src="data:image/png;base64,{data}" alt="{alt}"></div>'
    errors = worst.characters
    rate = f"{grouped(errors.edits)} errors, CER {percent(errors.rate)}"
    was_read = marked_runs(read) or '<span class="soft">nothing</span>'
    if line.read is None:
        was_read = '<span class="soft">not transcribed</span>'
    true_text = marked_runs(truth)
    if line.truth is None:
        true_text = '<span class="soft">no line</span>'
    return (
        f'<div class="card">{picture}<div class="caption"><dl><dt>truth</dt><dd dir="auto">'
        f'{true_text}</dd><dt>read</dt><dd dir="auto">{was_read}</dd></dl>'
        f'<p class="uri">{rate}; {isolated(f"{line.page_uri} {line.line_id}")}</p></div></div>'
    )
