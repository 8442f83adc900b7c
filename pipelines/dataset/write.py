"""Write the lines of a dataset, and their summary."""

from __future__ import annotations

import apache_beam as beam

from model.dataset.summary import DatasetSummary, summary_to_json
from pipelines.files.filesystem import write_bytes
from pipelines.transforms.summing import Summing
from pipelines.transforms.write import UNFINISHED_FOLDER, WriteRecords
from schemas.features import encode_line


class WriteSummary(beam.PTransform):
    """Write the `DatasetSummary` of lines as JSON.

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
    """Write lines as gzip TFRecords, in a folder for each split.

    Lines are written as they arrive, so memory does not grow with the dataset. With a fixed
    number of shards it does grow on the local runner, which has to gather the lines first.

    Args:
        output: Folder of the dataset; it must have a folder for each split.
        shards: Files for each split; 0 leaves it to the runner.

    Returns:
        The paths of the files.
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
