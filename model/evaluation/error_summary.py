"""The results of an evaluation, as values and as the JSON object that is printed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evaluation.bootstrap import LEVEL, RESAMPLES, rate_intervals
from model.evaluation.confusions import Confusion, commonest, count_kinds
from model.evaluation.error_tally import SLICED_BY, ErrorTally, PageErrors, WorstLine
from model.evaluation.metrics import ErrorCount
from model.evaluation.text_views import RAW, TEXT_VIEWS

_CONFUSIONS_PRINTED = 20
_PAGES_PRINTED = 20


@dataclass(frozen=True)
class RateEstimate:
    """An error rate with its confidence interval.

    Attributes:
        errors: Edits and length, summed over all lines.
        interval: Lower and upper end, by bootstrap over pages; of width 0 for a single page.
    """

    errors: ErrorCount
    interval: tuple[float, float]


@dataclass(frozen=True)
class ErrorRates:
    """The error rates of a set of lines.

    Attributes:
        pages: Number of pages.
        lines: Number of lines with ground truth.
        characters: CER by view, for each of `model.evaluation.text_views.TEXT_VIEWS`.
        words: WER by view.
    """

    pages: int
    lines: int
    characters: dict[str, RateEstimate]
    words: dict[str, RateEstimate]

    def to_dict(self) -> dict:
        """Return the figures of the raw texts; a rate without any reference text is None."""
        return {
            **_view(self, RAW),
            "pages": self.pages,
            "lines": self.lines,
        }


@dataclass(frozen=True)
class PageRate:
    """The error rate of one page.

    Attributes:
        page_uri: URI of the page image.
        lines: Number of lines with ground truth.
        characters: Character errors of the raw texts.
    """

    page_uri: str
    lines: int
    characters: ErrorCount

    def to_dict(self) -> dict:
        """Return the figures as values for JSON."""
        return {
            "page_uri": self.page_uri,
            "lines": self.lines,
            "characters": self.characters.length,
            "cer": _finite(self.characters.rate),
        }


@dataclass(frozen=True)
class ErrorSummary:
    """The results of an evaluation.

    Attributes:
        overall: Error rates of all lines.
        slices: Error rates by value, for each feature of `SLICED_BY`.
        lines_missing: Number of lines that were not read; their text counts as deleted.
        confusions: Number of occurrences of each edit in the raw texts.
        worst: The lines with most errors, worst first.
        pages: The error rate of every page, highest first.
    """

    overall: ErrorRates
    slices: dict[str, dict[str, ErrorRates]]
    lines_missing: int
    confusions: Counter[Confusion]
    worst: tuple[WorstLine, ...]
    pages: tuple[PageRate, ...]

    def to_dict(self) -> dict:
        """Return the figures as values for JSON."""
        kinds = count_kinds(self.confusions)
        return {
            **self.overall.to_dict(),
            "lines_missing": self.lines_missing,
            **{f"{kind}s": count for kind, count in kinds.items()},
            "views": {view: _view(self.overall, view) for view in TEXT_VIEWS},
            "slices": {
                feature: {value: rates.to_dict() for value, rates in by_value.items()}
                for feature, by_value in self.slices.items()
            },
            "confusions": [
                {"truth": confusion.truth, "read": confusion.read, "count": count}
                for confusion, count in commonest(self.confusions, _CONFUSIONS_PRINTED)
            ],
            "worst_pages": [page.to_dict() for page in self.pages[:_PAGES_PRINTED]],
            "bootstrap": {"over": "pages", "resamples": RESAMPLES, "level": LEVEL},
        }


def summarise(tally: ErrorTally) -> ErrorSummary:
    """Return the error rates, with intervals, of accumulated errors.

    Args:
        tally: The accumulated errors.

    Raises:
        ValueError: If no line was counted.

    Example:
        >>> from model.evaluation.error_tally import EvaluatedLine
        >>> tally = ErrorTally()
        >>> tally.add(EvaluatedLine("p.png", "l1", "12 mai", "12 Mai"))
        >>> rates = summarise(tally).to_dict()["views"]
        >>> round(rates["raw"]["cer"], 3), rates["case_folded"]["cer"]
        (0.167, 0.0)
    """
    # Sorted, so that the resamples do not depend on the order of the lines.
    pages = [tally.pages[key] for key in sorted(tally.pages)]
    slices = {feature: _slices(pages, feature) for feature in SLICED_BY}
    overall, worst = _rates(pages), tally.worst()
    by_page = _page_rates(tally)
    return ErrorSummary(overall, slices, tally.lines_missing, tally.confusions, worst, by_page)


def _page_rates(tally: ErrorTally) -> tuple[PageRate, ...]:
    raw = list(TEXT_VIEWS).index(RAW)
    sums: dict[str, tuple[int, ErrorCount]] = {}
    # A page whose truth comes from two formats or documents has several entries.
    for (uri, _, _), page in tally.pages.items():
        lines, errors = sums.get(uri, (0, ErrorCount()))
        errors += ErrorCount(*map(int, page.sums[raw, 0]))
        sums[uri] = lines + page.lines, errors
    rates = [PageRate(uri, lines, errors) for uri, (lines, errors) in sums.items()]
    return tuple(sorted(rates, key=lambda p: (-p.characters.rate, -p.characters.edits, p.page_uri)))


def _slices(pages: Sequence[PageErrors], feature: str) -> dict[str, ErrorRates]:
    by_value: dict[str, list[PageErrors]] = {}
    for page in pages:
        by_value.setdefault(getattr(page, feature), []).append(page)
    return {value: _rates(by_value[value]) for value in sorted(by_value)}


def _rates(pages: Sequence[PageErrors]) -> ErrorRates:
    if not pages:
        raise ValueError("no line to evaluate; give lines with text")
    sums = np.stack([page.sums for page in pages])
    flat = sums.reshape(len(pages), -1, 2)
    intervals = rate_intervals(flat[..., 0], flat[..., 1]).reshape(len(TEXT_VIEWS), 2, 2)
    total = sums.sum(axis=0)

    def rates(unit: int) -> dict[str, RateEstimate]:
        return {
            view: RateEstimate(
                ErrorCount(*map(int, total[i, unit])), tuple(map(float, intervals[i, unit]))
            )
            for i, view in enumerate(TEXT_VIEWS)
        }

    return ErrorRates(len(pages), sum(page.lines for page in pages), rates(0), rates(1))


def _view(rates: ErrorRates, view: str) -> dict:
    characters, words = rates.characters[view], rates.words[view]
    return {
        "cer": _finite(characters.errors.rate),
        "cer_interval": [_finite(end) for end in characters.interval],
        "wer": _finite(words.errors.rate),
        "wer_interval": [_finite(end) for end in words.interval],
        "characters": characters.errors.length,
        "words": words.errors.length,
    }


def _finite(rate: float) -> float | None:
    """Return a rate, or None for infinity and NaN, which JSON cannot represent."""
    return rate if math.isfinite(rate) else None
