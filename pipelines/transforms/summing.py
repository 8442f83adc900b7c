"""Sum elements up as they pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apache_beam as beam


class Summing(beam.CombineFn):
    """Sum up into an object that has `add`, and `merge` for another of its kind.

    Args:
        empty: Makes one that has seen nothing.
    """

    def __init__(self, empty: Callable[[], Any]):
        super().__init__()
        self._empty = empty

    def create_accumulator(self):
        return self._empty()

    def add_input(self, summary, element):
        summary.add(element)
        return summary

    def merge_accumulators(self, summaries):
        merged = self._empty()
        for summary in summaries:
            merged.merge(summary)
        return merged

    def extract_output(self, summary):
        return summary
