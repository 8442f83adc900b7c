"""Match the lines of a transcribed page with those of its truth: by identifier, or by place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.dataset.splits import document_of
from model.evaluation.error_tally import EvaluatedLine
from model.evaluation.line_matching import match_by_place
from model.evaluation.line_scores import LineScore
from model.line_images.crop import fit_to_image
from model.text.rules import TextRules, apply_rules
from pipelines.cli.options import UsageError
from schemas.records import Line, Page

# Distinguishes an extra line from a line of the truth with the same identifier.
_FOUND = " (found)"


@dataclass(frozen=True)
class ReadPage:
    """A page of the transcripts.

    Attributes:
        uri: URI of the page.
        lines: The lines that were read, in reading order; without geometry where lines are
            matched by identifier.
        width_px: Width of its image; 0 where the page was not read.
        height_px: Height of its image; 0 where the page was not read.
        by_place: Whether its lines are matched by their baselines and polygons.
        address: Where its image was when it was read; empty where that is its URI.
    """

    uri: str
    lines: tuple[Line, ...]
    width_px: int
    height_px: int
    by_place: bool
    address: str = ""


@dataclass(frozen=True)
class MatchedPage:
    """The lines of a page, each with its true text and the text that was read.

    Attributes:
        lines: The lines that count.
        without_truth: Lines read where the truth has no text; they do not count.
        score: Score of the line detection; None where lines were not matched by place.
    """

    lines: tuple[EvaluatedLine, ...]
    without_truth: int
    score: LineScore | None = None


def match_page(
    truth: Page, read: ReadPage, rules: TextRules, is_complete: bool = True
) -> MatchedPage:
    """Match the lines that were read on a page with those of the truth.

    Args:
        truth: The page with the true texts.
        read: The page as it was read.
        rules: Rules that are applied to the true texts.
        is_complete: Whether the truth has all lines of the page. If so, lines found elsewhere
            are errors.

    Returns:
        The lines of the truth that have text and, if matched by place, the extra lines.

    Raises:
        UsageError: If the rules reject a text, or the truth belongs to another image.
    """
    if read.by_place:
        return _by_place(truth, read, rules, is_complete)
    return _by_id(truth, read, rules)


def extra_lines(read: ReadPage) -> tuple[Line, ...]:
    """Return the lines of a page with the identifiers that they get if they have no truth."""
    return tuple(
        Line(line.line_id + _FOUND, line.index, line.text, line.baseline, line.polygon)
        for line in read.lines
    )


def _by_id(truth: Page, read: ReadPage, rules: TextRules) -> MatchedPage:
    texts = {line.line_id: line.text for line in read.lines}
    lines = [
        _read_line(truth, read, line.line_id, text, texts.get(line.line_id))
        for line, text in zip(truth.lines, _texts(truth, read, rules))
        if text
    ]
    return MatchedPage(tuple(lines), len(texts.keys() - {line.line_id for line in lines}))


def _by_place(truth: Page, read: ReadPage, rules: TextRules, is_complete: bool) -> MatchedPage:
    texts = list(_texts(truth, read, rules))
    match = match_by_place(read.lines, true_lines(truth, read))
    text_of_true = {true: read.lines[found].text for found, true in match.pairs}
    lines = [
        _read_line(truth, read, line.line_id, text, text_of_true.get(place))
        for place, (line, text) in enumerate(zip(truth.lines, texts))
        if text
    ]
    matched = {found for found, _ in match.pairs}
    extra = [
        _read_line(truth, read, line.line_id, None, line.text)
        for place, line in enumerate(extra_lines(read))
        if place not in matched
    ]
    without_truth = sum(not texts[true] for true in text_of_true)
    if is_complete:
        return MatchedPage((*lines, *extra), without_truth, match.score)
    # An extra line may be one that the truth leaves out, so the detection has no score.
    return MatchedPage(tuple(lines), without_truth + len(extra))


def true_lines(truth: Page, read: ReadPage) -> Sequence[Line]:
    """Scale the lines of the truth to the pixels of the image that was read.

    Args:
        truth: The page with the true texts.
        read: The page as it was read.

    Raises:
        UsageError: If the truth belongs to another image.
    """
    if not (read.width_px and read.height_px):
        return truth.lines
    # Only the shape of the image is used.
    blank = np.broadcast_to(np.uint8(255), (read.height_px, read.width_px))
    try:
        return fit_to_image(truth, blank).lines
    except ValueError as error:
        raise UsageError(f"--truth {read.uri}: {error}") from None


def _texts(truth: Page, read: ReadPage, rules: TextRules) -> Iterator[str]:
    for line in truth.lines:
        try:
            yield apply_rules(line.text or "", rules)
        except ValueError as error:
            raise UsageError(f"--truth {read.uri} {line.line_id}: {error}") from None


def _read_line(
    truth: Page, read: ReadPage, line_id: str, true_text: str | None, text: str | None
) -> EvaluatedLine:
    document = document_of(read.uri)
    return EvaluatedLine(read.uri, line_id, true_text, text, truth.source, document)
