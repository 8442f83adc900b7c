"""Write the elements of a PCollection as TFRecords or as JSON lines."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.options.value_provider import StaticValueProvider

from model.dataset.tfrecord import write_record
from pipelines.files.filesystem import write_bytes

# Folder of files that are not complete yet.
UNFINISHED_FOLDER = ".unfinished"


class RecordSink(fileio.FileSink):
    """Write one gzip TFRecord file.

    Args:
        encode: Returns the bytes of a record.
    """

    def __init__(self, encode: Callable[[Any], bytes]):
        self._encode = encode

    def open(self, fh) -> None:
        # PNGs become only 0.4 % smaller, and level 1 takes 25 times as long as no compression;
        # so gzip only adds a checksum. The fixed time makes files with equal records equal.
        self._file = gzip.GzipFile(fileobj=fh, mode="wb", compresslevel=0, mtime=0, filename="")

    def write(self, record) -> None:
        write_record(self._file, self._encode(record))

    def flush(self) -> None:
        # Called once, when the file is complete; closing writes gzip's checksum.
        self._file.close()


class WriteRecords(beam.PTransform):
    """Write records as gzip TFRecords, as they come from the previous step.

    Args:
        output: Folder of the dataset.
        unfinished: Folder for files that are not complete.
        folder_of: Returns the subfolder of `output`, which must exist, for a record.
        encode: Returns the bytes of a record.
        shards: Number of files per folder; 0 lets the runner choose.

    Returns:
        Paths of the files. Beam does not fail if it could not move a file there.
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
    """Write rows as one sorted file of JSON lines; they are held in memory, so for few rows.

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
