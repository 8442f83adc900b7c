"""Dataset summaries for tests."""

from __future__ import annotations

from collections.abc import Iterable

from model.dataset.summary import DatasetSummary
from schemas.records import LineExample


def summary_of(lines: Iterable[LineExample]) -> DatasetSummary:
    """Return the summary of lines."""
    summary = DatasetSummary()
    for line in lines:
        summary.add(line)
    return summary
