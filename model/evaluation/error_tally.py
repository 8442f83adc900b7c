"""Accumulation of errors line by line: sums by page, confusions, and the worst lines."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from model.evaluation.confusions import Confusion, confusions
from model.evaluation.metrics import ErrorCount, character_errors, word_errors
from model.evaluation.text_views import TEXT_VIEWS
from model.text.charset import normalise_text

WORST_LINES = 40
# Features whose values get error rates of their own.
SLICED_BY = ("source", "document")


@dataclass(frozen=True)
class EvaluatedLine:
    """A line with its ground truth and its transcript.

    Attributes:
        page_uri: URI of the page image.
        line_id: Identifier of the line on its page.
        truth: Ground truth; None for a line that was found and read where the truth has none.
        read: Transcript; None if the line was not read.
        source: Name of the format of the ground truth.
        document: Name of the document.
        image: PNG of the line image; empty if it is not available.
    """

    page_uri: str
    line_id: str
    truth: str | None
    read: str | None
    source: str = ""
    document: str = ""
    image: bytes = b""


@dataclass(frozen=True)
class WorstLine:
    """A line with many errors.

    Attributes:
        line: The line.
        characters: Its character errors.
    """

    line: EvaluatedLine
    characters: ErrorCount


@dataclass
class PageErrors:
    """Errors of one page.

    Attributes:
        source: Name of the format of the ground truth.
        document: Name of the document.
        lines: Number of lines with ground truth.
        sums: int64 [views, 2, 2], for each of `TEXT_VIEWS`: characters and words; edits and
            length.
    """

    source: str
    document: str
    lines: int = 0
    sums: np.ndarray = field(default_factory=lambda: np.zeros((len(TEXT_VIEWS), 2, 2), np.int64))


@dataclass
class ErrorTally:
    """Accumulates the errors of lines; its memory grows with the pages, not with the lines.

    Attributes:
        worst_size: Number of worst lines to keep.
        pages: Errors by page URI, source and document.
        lines_missing: Number of lines that were not read; their text counts as deleted.
        lines_extra: Number of lines read where the truth has none; their text counts as inserted.
        confusions: Number of occurrences of each edit in the raw texts.

    Example:
        >>> tally = ErrorTally(worst_size=1)
        >>> for truth, read in (("mai", "mai"), ("juin", "jvm")):
        ...     tally.add(EvaluatedLine("p.png", truth, truth, read))
        >>> [worst.line.line_id for worst in tally.worst()]
        ['juin']
    """

    worst_size: int = WORST_LINES
    pages: dict[tuple[str, str, str], PageErrors] = field(default_factory=dict)
    lines_missing: int = 0
    lines_extra: int = 0
    confusions: Counter[Confusion] = field(default_factory=Counter)
    _heap: list[tuple[tuple, int, WorstLine]] = field(default_factory=list)
    _added: int = 0

    def add(self, line: EvaluatedLine) -> None:
        """Add a line."""
        truth, read = line.truth or "", line.read or ""
        sums = line_sums(truth, read)
        key = line.page_uri, line.source, line.document
        page = self.pages.setdefault(key, PageErrors(line.source, line.document))
        page.lines += line.truth is not None
        page.sums += sums
        self.lines_missing += line.read is None
        self.lines_extra += line.truth is None
        self.confusions.update(confusions(normalise_text(truth), normalise_text(read)))
        self._keep_if_bad(WorstLine(line, ErrorCount(*map(int, sums[0, 0]))))

    def _keep_if_bad(self, worst: WorstLine) -> None:
        if not worst.characters.edits:
            return
        # Ties are broken by name, so that the result does not depend on the order of the lines;
        # the running number avoids a comparison of two lines of the same name.
        line, self._added = worst.line, self._added + 1
        rank = worst.characters.edits, worst.characters.rate, line.page_uri, line.line_id
        heapq.heappush(self._heap, (rank, self._added, worst))
        if len(self._heap) > self.worst_size:
            heapq.heappop(self._heap)

    def worst(self) -> tuple[WorstLine, ...]:
        """Return the worst lines, those with most character errors first."""
        return tuple(worst for _, _, worst in sorted(self._heap, reverse=True))

    @property
    def lines(self) -> int:
        """Number of lines with ground truth."""
        return sum(page.lines for page in self.pages.values())


def line_sums(truth: str, read: str) -> np.ndarray:
    """Return the errors of a line in every view.

    Args:
        truth: Ground truth.
        read: Transcript.

    Returns:
        int64 [views, 2, 2]: characters and words; edits and length.

    Example:
        >>> line_sums("Le 12.", "le 12")[0].tolist()
        [[2, 6], [2, 2]]
    """
    return np.array(
        [
            [
                (errors.edits, errors.length)
                for errors in (
                    character_errors(view(truth), view(read)),
                    word_errors(view(truth), view(read)),
                )
            ]
            for view in TEXT_VIEWS.values()
        ],
        np.int64,
    )
