"""Sum up the elements of a PCollection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apache_beam as beam


class Summing(beam.CombineFn):
    """Sum up elements in an object that has `add`, and `merge` for another of its type.

    Args:
        empty: Returns an object without elements.
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
