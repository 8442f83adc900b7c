"""Out of the pipeline: TFRecords, Parquet tables, JSON lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.io import fileio
from apache_beam.options.value_provider import StaticValueProvider

from model.dataset.tfrecord import write_record
from pipelines.files.filesystem import write_bytes, write_whole
from schemas.features import encode_line
from schemas.tables import TABLES

# Where files lie until they are complete.
UNFINISHED_FOLDER = ".unfinished"


class RecordSink(fileio.FileSink):
    """Write one gzip TFRecord file.

    Args:
        encode: Gives the data of a record.
    """

    def __init__(self, encode: Callable[[Any], bytes]):
        self._encode = encode

    def open(self, fh) -> None:
        # PNGs get hardly smaller (by 0.4 %) and level 1 takes 25 times as long as none; so
        # gzip is but the frame with the checksum. The fixed time keeps equal files equal.
        self._file = gzip.GzipFile(fileobj=fh, mode="wb", compresslevel=0, mtime=0, filename="")

    def write(self, record) -> None:
        write_record(self._file, self._encode(record))

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


class WriteRecords(beam.PTransform):
    """Write records as gzip TFRecords, as they come from the step before.

    Args:
        output: Folder.
        unfinished: Folder for files that are not complete.
        folder_of: Tells the folder in the first, which must be there, that a record goes to.
        encode: Gives the data of a record.
        shards: Files a folder; 0 leaves it to the runner.

    Returns:
        Where the files are. Beam does not fail where it could not move one there.
    """

    def __init__(
        self,
        output: str,
        unfinished: str,
        folder_of: Callable[[Any], str],
        encode: Callable[[Any], bytes],
        shards: int = 0,
    ):
        super().__init__()
        self._output = output
        self._folder_of = folder_of
        self._encode = encode
        self._shards = shards
        self._unfinished = unfinished

    def expand(self, records):
        encode = self._encode
        return (
            records
            | "Write"
            >> fileio.WriteToFiles(
                path=self._output,
                temp_directory=StaticValueProvider(str, self._unfinished),
                destination=self._folder_of,
                sink=lambda _: RecordSink(encode),
                file_naming=_file_name,
                shards=self._shards or None,
            )
            | "Path" >> beam.Map(lambda file, output: f"{output}/{file.file_name}", self._output)
        )


def _file_name(window, pane, shard_index, total_shards, compression, destination) -> str:
    shard, shards = shard_index or 0, total_shards or 1
    return f"{destination}/lines-{shard:05d}-of-{shards:05d}.tfrecord.gz"


class WriteJsonLines(beam.PTransform):
    """Write rows as one file of JSON lines, sorted; for few rows, as they meet in memory.

    Args:
        prefix: The file, without `.jsonl`.
    """

    def __init__(self, prefix: str):
        super().__init__()
        self._path = f"{prefix}.jsonl"

    def expand(self, rows):
        return (
            rows
            | "As JSON" >> beam.Map(lambda row: json.dumps(row, ensure_ascii=False, sort_keys=True))
            | "Together" >> beam.combiners.ToList()
            | "Write" >> beam.Map(_write_lines, self._path)
        )


def _write_lines(lines: list[str], path: str) -> None:
    write_bytes(path, "".join(f"{line}\n" for line in sorted(lines)).encode())


class WriteTable(beam.PTransform):
    """Write rows as one file of one of the Parquet tables.

    Args:
        output: Folder that holds the tables.
        table: Name of the table.
    """

    def __init__(self, output: str, table: str):
        super().__init__()
        self._prefix = f"{output}/{table}/{table}"
        self._schema = TABLES[table]

    def expand(self, rows):
        return rows | "Write" >> beam.io.WriteToParquet(
            self._prefix,
            schema=self._schema,
            codec="zstd",
            num_shards=1,
            file_name_suffix=".parquet",
        )


def write_one_row(path: str, table: str, row: dict) -> None:
    """Write a table of one row, outside of any pipeline; it appears whole or not at all.

    Args:
        path: The file.
        table: Name of the table.
        row: Column to value.
    """
    write_whole(path, parquet_bytes(pa.Table.from_pylist([row], schema=TABLES[table])))


def parquet_bytes(rows: pa.Table) -> bytes:
    """Make a Parquet file of rows, in memory."""
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue().to_pybytes()
