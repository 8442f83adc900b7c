"""Sum lines up as they pass."""

from __future__ import annotations

import apache_beam as beam

from model.summary import DatasetSummary
from model.summary_json import summary_to_json
from pipelines.transforms.files import write_bytes


class WriteSummary(beam.PTransform):
    """Sum lines up and write the sum as JSON.

    Args:
        path: The file.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def expand(self, lines):
        return (
            lines
            | "Sum up" >> beam.CombineGlobally(_Summing())
            | "As JSON" >> beam.Map(summary_to_json)
            | "Write" >> beam.Map(lambda text, path: write_bytes(path, text.encode()), self._path)
        )


class _Summing(beam.CombineFn):
    def create_accumulator(self):
        return DatasetSummary()

    def add_input(self, summary, line):
        summary.add(line)
        return summary

    def merge_accumulators(self, summaries):
        merged = DatasetSummary()
        for summary in summaries:
            merged.merge(summary)
        return merged

    def extract_output(self, summary):
        return summary
