"""Out of the pipeline: TFRecords, Parquet tables, JSON lines."""

from __future__ import annotations

import gzip
import json

import apache_beam as beam
import pyarrow as pa
from apache_beam.io import fileio
from apache_beam.options.value_provider import StaticValueProvider

from model.tfrecord import write_record
from pipelines.transforms.files import write_bytes
from schemas.features import decode_line, encode_line
from schemas.records import LineExample
from schemas.tables import TABLES

# Where files lie until they are complete.
UNFINISHED_FOLDER = ".unfinished"


class LineSink(fileio.FileSink):
    """Write lines to one gzip TFRecord file."""

    def open(self, fh) -> None:
        # PNGs do not get smaller, and the fixed time keeps equal files equal.
        self._file = gzip.GzipFile(fileobj=fh, mode="wb", compresslevel=1, mtime=0, filename="")

    def write(self, record: LineExample) -> None:
        write_record(self._file, encode_line(record))

    def flush(self) -> None:
        # Called once, when the file is complete; closing writes gzip's checksum.
        self._file.close()


class WriteExamples(beam.PTransform):
    """Write lines as gzip TFRecords, a folder a split, as they come from the step before.

    Nothing is gathered first, so memory does not grow with the dataset; only with a fixed
    number of shards it does on the local runner.

    Args:
        output: The dataset's folder; it must have a folder of each split.
        shards: Files a split; 0 leaves it to the runner.
    """

    def __init__(self, output: str, shards: int):
        super().__init__()
        self._output = output
        self._shards = shards

    def expand(self, examples):
        return examples | "Write" >> fileio.WriteToFiles(
            path=self._output,
            temp_directory=StaticValueProvider(str, f"{self._output}/{UNFINISHED_FOLDER}"),
            destination=lambda example: example.split,
            sink=LineSink(),
            file_naming=_file_name,
            shards=self._shards or None,
        )


class ReadExamples(beam.PTransform):
    """Read lines that `WriteExamples` wrote.

    Args:
        patterns: Of the files; those that match none are left out.
    """

    def __init__(self, patterns: list[str]):
        super().__init__()
        self._patterns = patterns

    def expand(self, begin):
        return (
            begin
            | "Patterns" >> beam.Create(self._patterns)
            | "Match" >> fileio.MatchAll(fileio.EmptyMatchTreatment.ALLOW)
            | "Path" >> beam.Map(lambda metadata: metadata.path)
            | "Read" >> beam.io.ReadAllFromTFRecord()
            | "Decode" >> beam.Map(decode_line)
        )


def _file_name(window, pane, shard_index, total_shards, compression, destination) -> str:
    shard, shards = shard_index or 0, total_shards or 1
    return f"{destination}/lines-{shard:05d}-of-{shards:05d}.tfrecord.gz"


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
