"""Remove lines that leak from the training files, and read back the files of the dataset."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from model.dataset.leaks import leak_places, leaks_to_show
from model.dataset.summary import sum_digests
from model.images.digest import exact_key
from model.report.contact_sheet import ReportSample
from pipelines.dataset.tfrecord import read_records
from pipelines.transforms.routing import RouteByType
from pipelines.transforms.write import RecordSink
from schemas.features import decode_line
from schemas.records import Leak, LineExample

# `RecordSink` compresses the file itself.
_NO_COMPRESSION = CompressionTypes.UNCOMPRESSED


@dataclass(frozen=True)
class DatasetFile:
    """A file of the dataset without lines that leak.

    Attributes:
        path: Its path.
    """

    path: str


@dataclass(frozen=True)
class FileContent:
    """The content of a file, as it was read back.

    Attributes:
        split: Split of its lines, which is the name of its folder.
        name: Its file name.
        lines: Number of its records.
        digest: Sum of the SHA-256 digests of its records, hex.
    """

    split: str
    name: str
    lines: int
    digest: str


class DropLeaks(beam.PTransform):
    """Rewrite the files of a dataset without the training lines that leak.

    Without leaks no file is opened. With leaks, the outputs are all lines that stay, the lines
    of those leaks that the report shows, and the files.

    Args:
        folder: Folder of the files that replace the others.
        leaks: The leaks.
    """

    def __init__(self, folder: str, leaks: beam.PCollection):
        super().__init__()
        self._folder = folder
        self._leaks = leaks

    def expand(self, paths):
        return (
            paths
            | "Spread" >> beam.Reshuffle()
            | RouteByType(
                drop_leaks,
                (DatasetFile, LineExample, ReportSample),
                self._folder,
                beam.pvalue.AsList(self._leaks),
            )
        )


def drop_leaks(
    path: str, folder: str, leaks: list[Leak]
) -> Iterator[DatasetFile | LineExample | ReportSample]:
    """Rewrite a file without the training lines that leak.

    Args:
        path: File of a dataset, in the folder of its split.
        folder: Where to write the new file, in a folder for its split; the old one stays.
        leaks: All leaks of the dataset.

    Yields:
        The lines that stay, the lines of those leaks that the report shows, and the file that
        was written; without leaks only the file at `path`.
    """
    if not leaks:
        yield DatasetFile(path)
        return
    dropped = {(leak.page_uri, leak.line_id) for leak in leaks if leak.split == "train"}
    shown = {place for leak in leaks_to_show(leaks) for place in leak_places(leak)}
    written = DatasetFile(f"{folder}/{'/'.join(_split_and_name(path))}")
    sink = RecordSink(bytes)
    with FileSystems.create(written.path, compression_type=_NO_COMPRESSION) as file:
        sink.open(file)
        for record in read_records(path):
            line = decode_line(record)
            place = f"{line.page_uri} {line.line_id}"
            if (place, line.split) in shown:
                yield ReportSample(place, line.text, line.split, line.image)
            if line.split != "train" or (line.page_uri, line.line_id) not in dropped:
                sink.write(record)
                yield line
        sink.flush()
    yield written


class ReadBack(beam.PTransform):
    """Read every file to its end and sum up its content."""

    def expand(self, files):
        return files | "Read back" >> beam.Map(read_back)


def read_back(file: DatasetFile) -> FileContent:
    """Return the content of a file: its records counted and summed up, but not decoded.

    Args:
        file: The file.

    Raises:
        OSError: If it does not exist.
        ValueError: If it is truncated or otherwise damaged.
    """
    lines, digest = 0, sum_digests(())
    for record in read_records(file.path):
        lines += 1
        digest = sum_digests((digest, exact_key(record)))
    return FileContent(*_split_and_name(file.path), lines, digest)


def _split_and_name(path: str) -> tuple[str, str]:
    folder, name = posixpath.split(path.replace("\\", "/"))
    return posixpath.basename(folder), name
