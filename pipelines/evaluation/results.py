"""The results of an evaluation, on a dataset or of transcripts: as text, as JSON, as a report."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from model.decoding.calibration import expected_calibration_error
from model.evaluation.confidence_summary import ConfidenceSummary
from model.evaluation.confusions import commonest
from model.evaluation.error_summary import ErrorRates, ErrorSummary, PageRate
from model.evaluation.line_matching import score_to_dict
from model.evaluation.line_scores import LineScore
from model.evaluation.report import EvaluationReport, build_evaluation_report
from model.evaluation.report_pages import EvaluatedPage
from model.evaluation.report_parts import interval_text, percent
from model.evaluation.text_views import RAW, TEXT_VIEWS
from pipelines.cli.options import UsageError
from pipelines.files.filesystem import write_bytes
from schemas import VERSION

_CONFUSIONS_PRINTED = 8
_PAGES_PRINTED = 5


@dataclass(frozen=True)
class EvaluationResults:
    """The results of an evaluation.

    Attributes:
        title: What was evaluated.
        model_digest: Digest of the model that read; may be empty.
        summary: The error rates, confusions and worst lines.
        counts: Other counts, for the JSON object.
        remarks: Remarks on the figures, one sentence each.
        found: Score of the line detection; None where the lines were given.
        confidence: Calibration of the confidences; None where it was not measured.
        views: The worst pages with their images, for the report.
    """

    title: str
    model_digest: str
    summary: ErrorSummary
    counts: dict[str, int]
    remarks: tuple[str, ...] = ()
    found: LineScore | None = None
    confidence: ConfidenceSummary | None = None
    views: tuple[EvaluatedPage, ...] = ()

    def to_dict(self) -> dict:
        """Return all figures as values that JSON can hold."""
        digest = {"model_digest": self.model_digest}
        found = score_to_dict(self.found) if self.found else {}
        confidence = {"confidence": self.confidence.to_dict()} if self.confidence else {}
        return {**self.summary.to_dict(), **found, **confidence, **self.counts, **digest}

    def lines(self) -> Iterator[str]:
        """Yield the figures as lines of text."""
        rates = self.summary.overall
        length = rates.characters[RAW].errors.length
        yield f"{self.title}: {rates.lines:,} lines of {rates.pages:,} pages, {length:,} characters"
        yield from self.remarks
        yield f"{'':20}{'CER':>9}  {'95 %':18}{'WER':>9}  95 %"
        for view in TEXT_VIEWS:
            yield f"{view.replace('_', ' '):20}{_cells(rates, view)}"
        if len(self.summary.pages) > 1:
            yield from _page_lines(self.summary.pages)
        if self.found:
            yield from _found_lines(self.found)
        if self.confidence:
            yield from _confidence_lines(self.confidence)
        worst = commonest(self.summary.confusions, _CONFUSIONS_PRINTED)
        if worst:
            pairs = (f"{_quoted(c.truth)} as {_quoted(c.read)} {n:,}" for c, n in worst)
            yield f"read wrongly: {', '.join(pairs)}"


def _cells(rates: ErrorRates, view: str) -> str:
    characters, words = rates.characters[view], rates.words[view]
    return (
        f"{percent(characters.errors.rate):>9}  {interval_text(characters, rates.pages):18}"
        f"{percent(words.errors.rate):>9}  {interval_text(words, rates.pages)}"
    )


def _page_lines(pages: tuple[PageRate, ...]) -> Iterator[str]:
    """Yield the pages with the highest CER."""
    shown = pages[:_PAGES_PRINTED]
    yield "CER by page" + (f", the {len(shown)} worst:" if len(shown) < len(pages) else ":")
    for page in shown:
        yield f"{percent(page.characters.rate):>9}  {page.lines:4,} lines  {page.page_uri}"


def _found_lines(score: LineScore) -> Iterator[str]:
    yield (
        f"lines found: {score.found:,} of {score.true:,}, F1 {percent(score.line_f1)} one to one "
        f"(precision {percent(score.line_precision)}, recall {percent(score.line_recall)}), "
        f"{percent(score.f1)} by length; order error {percent(score.order_error)}"
    )


def _confidence_lines(summary: ConfidenceSummary) -> Iterator[str]:
    plain, tempered = map(expected_calibration_error, (summary.plain, summary.tempered))
    yield (
        f"confidences ({summary.method}): calibration error {plain:.3f}, {tempered:.3f} at a "
        f"temperature of {summary.temperature:.2f}"
    )
    if summary.pages:
        yield (
            f"CER of pages predicted: {summary.near_pages:,} of {len(summary.pages):,} within 2 "
            f"points, mean distance {100 * summary.mean_page_error:.2f} points"
        )


def _quoted(character: str) -> str:
    return repr(character) if character else "nothing"


def check_report(path: str) -> None:
    """Check the name of a report before the evaluation starts.

    Raises:
        UsageError: If it does not end in `.html`.
    """
    if not path.lower().endswith(".html"):
        raise UsageError(f"--report {path} does not end in .html")


def write_report(evaluation: EvaluationResults, path: str) -> None:
    """Write the report of an evaluation, replacing an existing one.

    Args:
        evaluation: The results, with the pictures of the worst lines.
        path: The file; missing folders are created.

    Raises:
        UsageError: If it cannot be written.
    """
    facts = [("Made with", f"Quire {VERSION}")]
    if evaluation.model_digest:
        facts.append(("Model digest", evaluation.model_digest))
    facts += [("Remark", remark) for remark in evaluation.remarks]
    report = EvaluationReport(
        evaluation.title,
        tuple(facts),
        evaluation.summary,
        evaluation.found,
        evaluation.confidence,
        evaluation.views,
    )
    try:
        write_bytes(path, build_evaluation_report(report).encode())
    except OSError as error:
        raise UsageError(f"--report {path}: {error}; give a file that can be written") from None


def with_pictures(summary: ErrorSummary, pictures: dict[tuple[str, str], bytes]) -> ErrorSummary:
    """Return the results with pictures of the worst lines.

    Args:
        summary: The results.
        pictures: PNGs by page and line; lines without one keep the picture that they have.
    """
    worst = (
        replace(
            bad,
            line=replace(
                bad.line, image=pictures.get((bad.line.page_uri, bad.line.line_id), bad.line.image)
            ),
        )
        for bad in summary.worst
    )
    return replace(summary, worst=tuple(worst))


def name_of(path: str) -> str:
    """Return the last part of the path of a folder or file.

    Example:
        >>> name_of("out/letters/")
        'letters'
    """
    return posixpath.basename(path.replace("\\", "/").rstrip("/")) or path
