"""Out of the pipeline: TFRecords, Parquet tables, JSON lines."""

from __future__ import annotations

import json

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.filesystem import CompressionTypes

from pipelines.transforms.files import write_bytes
from schemas.features import SPLITS, encode_line
from schemas.tables import TABLES


class WriteExamples(beam.PTransform):
    """Write lines as gzip TFRecords, a folder a split.

    Args:
        output: The dataset's folder.
        shards: Files a split; 0 leaves it to the runner, and holds the least in memory.
    """

    def __init__(self, output: str, shards: int):
        super().__init__()
        self._output = output
        self._shards = shards

    def expand(self, examples):
        parts = examples | "By split" >> beam.Partition(
            lambda example, count: SPLITS.index(example.split), len(SPLITS)
        )
        for split, part in zip(SPLITS, parts):
            (
                part
                | f"Encode {split}" >> beam.Map(encode_line)
                | f"Write {split}"
                >> beam.io.WriteToTFRecord(
                    f"{self._output}/{split}/lines",
                    file_name_suffix=".tfrecord.gz",
                    num_shards=self._shards,
                    compression_type=CompressionTypes.GZIP,
                )
            )


class WriteJsonLines(beam.PTransform):
    """Write rows as one file of JSON lines.

    Args:
        prefix: The file, without `.jsonl`.
    """

    def __init__(self, prefix: str):
        super().__init__()
        self._prefix = prefix

    def expand(self, rows):
        return (
            rows
            | "As JSON" >> beam.Map(lambda row: json.dumps(row, ensure_ascii=False, sort_keys=True))
            | "Write"
            >> beam.io.WriteToText(
                self._prefix, file_name_suffix=".jsonl", num_shards=1, shard_name_template=""
            )
        )


class WriteTable(beam.PTransform):
    """Write rows as one of the Parquet tables.

    Args:
        output: Folder that holds the tables.
        table: Name of the table.
        shards: Files; 0 leaves it to the runner.
    """

    def __init__(self, output: str, table: str, shards: int = 1):
        super().__init__()
        self._prefix = f"{output}/{table}/{table}"
        self._schema = TABLES[table]
        self._shards = shards

    def expand(self, rows):
        return rows | "Write" >> beam.io.WriteToParquet(
            self._prefix,
            schema=self._schema,
            codec="zstd",
            num_shards=self._shards,
            file_name_suffix=".parquet",
        )


def write_one_row(output: str, table: str, row: dict) -> None:
    """Write a table of one row, outside of any pipeline.

    Args:
        output: Folder that holds the tables.
        table: Name of the table.
        row: Column to value.
    """
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([row], schema=TABLES[table]), buffer, compression="zstd")
    write_bytes(f"{output}/{table}/{table}.parquet", buffer.getvalue().to_pybytes())
