"""LineExampleGen: import the lines of a dataset into TFX, each with its length and script."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from components.line_features import describe_line
from components.storage import join


class LineExecutor(BaseExampleGenExecutor):
    """Reads the TFRecords of a split."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:  # noqa: N802
        return _ReadLines


class _ReadLines(beam.PTransform):
    def __init__(self, exec_properties: dict[str, Any], split_pattern: str):
        super().__init__()
        self._pattern = join(exec_properties["input_base"], split_pattern)

    def expand(self, pipeline):
        records = pipeline | beam.io.ReadFromTFRecord(file_pattern=self._pattern)
        return records | beam.Map(describe_line).with_output_types(bytes)


class LineExampleGen(FileBasedExampleGen):
    """Import lines; has the arguments of `tfx.components.ImportExampleGen`."""

    EXECUTOR_SPEC = BeamExecutorSpec(LineExecutor)
