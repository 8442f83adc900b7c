"""Remember which pages came in."""

from __future__ import annotations

import json

import apache_beam as beam

from model.key_set import UriTally
from pipelines.transforms.files import write_bytes


class WriteInputs(beam.PTransform):
    """Sum up which pages came in, for the account, as JSON.

    Args:
        path: The file.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def expand(self, sources):
        return (
            sources
            | "Sum up" >> beam.CombineGlobally(_Tallying())
            | "Write" >> beam.Map(_write, self._path)
        )


class _Tallying(beam.CombineFn):
    def create_accumulator(self):
        return UriTally()

    def add_input(self, tally, source):
        tally.add(source.uri)
        return tally

    def merge_accumulators(self, tallies):
        merged = UriTally()
        for tally in tallies:
            merged.merge(tally)
        return merged

    def extract_output(self, tally):
        return tally


def _write(tally: UriTally, path: str) -> None:
    write_bytes(path, json.dumps([tally.count, tally.total]).encode())
