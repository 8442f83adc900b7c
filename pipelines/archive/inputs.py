"""Remember which pages came in."""

from __future__ import annotations

import json

import apache_beam as beam

from pipelines.dataset.write import Summing
from pipelines.files.filesystem import write_bytes
from pipelines.files.key_set import UriTally


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
            | "Name" >> beam.Map(lambda source: source.uri)
            | "Sum up" >> beam.CombineGlobally(Summing(UriTally))
            | "Write" >> beam.Map(_write, self._path)
        )


def _write(tally: UriTally, path: str) -> None:
    write_bytes(path, json.dumps([tally.count, tally.total]).encode())
