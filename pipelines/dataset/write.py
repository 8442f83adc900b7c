"""Sum lines up as they pass."""

from __future__ import annotations

import apache_beam as beam

from model.dataset.summary import DatasetSummary, summary_to_json
from pipelines.files.filesystem import write_bytes
from pipelines.transforms.summing import Summing
from pipelines.transforms.write import UNFINISHED_FOLDER, WriteRecords
from schemas.features import encode_line


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
            | "Sum up" >> beam.CombineGlobally(Summing(DatasetSummary))
            | "As JSON" >> beam.Map(summary_to_json)
            | "Write" >> beam.Map(lambda text, path: write_bytes(path, text.encode()), self._path)
        )


class WriteExamples(beam.PTransform):
    """Write lines as gzip TFRecords, a folder a split, as they come from the step before.

    Nothing is gathered first, so memory does not grow with the dataset; only with a fixed
    number of shards it does on the local runner.

    Args:
        output: The dataset's folder; it must have a folder of each split.
        shards: Files a split; 0 leaves it to the runner.

    Returns:
        Where the files are.
    """

    def __init__(self, output: str, shards: int):
        super().__init__()
        self._output = output
        self._shards = shards

    def expand(self, examples):
        unfinished = f"{self._output}/{UNFINISHED_FOLDER}"
        return examples | "Write" >> WriteRecords(
            self._output, unfinished, lambda example: example.split, encode_line, self._shards
        )
