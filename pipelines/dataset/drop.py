"""Take the lines that leak out of the training files, and read back what was written."""

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
from model.report.contact_sheet import Sample
from pipelines.dataset.tfrecord import read_records
from pipelines.transforms.routing import RouteByType
from pipelines.transforms.write import RecordSink
from schemas.features import decode_line
from schemas.records import Leak, LineExample

_AS_IT_IS = CompressionTypes.UNCOMPRESSED


@dataclass(frozen=True)
class DatasetFile:
    """A file of the dataset that is as it is to be.

    Attributes:
        path: Where it lies.
    """

    path: str


@dataclass(frozen=True)
class FileContent:
    """What a file was found to hold.

    Attributes:
        split: The folder that it lies in.
        name: Its name.
        lines: Its records.
        digest: Sum of their SHA-256, hex.
    """

    split: str
    name: str
    lines: int
    digest: str


class DropLeaks(beam.PTransform):
    """Write the files of a dataset anew without the training lines that leak.

    Without a leak no file is opened. With leaks, give all lines that stay and pictures of
    the leaks that a report shows.

    Args:
        folder: For the files that take the place of the others.
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
                (DatasetFile, LineExample, Sample),
                self._folder,
                beam.pvalue.AsList(self._leaks),
            )
        )


def drop_leaks(
    path: str, folder: str, leaks: list[Leak]
) -> Iterator[DatasetFile | LineExample | Sample]:
    """Write a file anew without the training lines that leak.

    Args:
        path: File of a dataset, in the folder of its split.
        folder: Where to write it, in the folder of its split; the file itself stays.
        leaks: All leaks of the dataset.

    Yields:
        The lines that stay, the lines of those leaks that a report shows, and the file that
        was written; without leaks only the file, as it is.
    """
    if not leaks:
        yield DatasetFile(path)
        return
    dropped = {(leak.page_uri, leak.line_id) for leak in leaks if leak.split == "train"}
    shown = {place for leak in leaks_to_show(leaks) for place in leak_places(leak)}
    written = DatasetFile(f"{folder}/{'/'.join(_split_and_name(path))}")
    sink = RecordSink(bytes)
    with FileSystems.create(written.path, compression_type=_AS_IT_IS) as file:
        sink.open(file)
        for record in read_records(path):
            line = decode_line(record)
            place = f"{line.page_uri} {line.line_id}"
            if (place, line.split) in shown:
                yield Sample(place, line.text, line.split, line.image)
            if line.split != "train" or (line.page_uri, line.line_id) not in dropped:
                sink.write(record)
                yield line
        sink.flush()
    yield written


class ReadBack(beam.PTransform):
    """Read every file to its end and sum up what lies in it."""

    def expand(self, files):
        return files | "Read back" >> beam.Map(read_back)


def read_back(file: DatasetFile) -> FileContent:
    """Sum up what lies in a file.

    Args:
        file: The file.

    Returns:
        Its content; nothing is decoded.

    Raises:
        OSError: If it is not there.
        ValueError: If it is cut off or otherwise damaged.
    """
    lines, digest = 0, sum_digests(())
    for record in read_records(file.path):
        lines += 1
        digest = sum_digests((digest, exact_key(record)))
    return FileContent(*_split_and_name(file.path), lines, digest)


def _split_and_name(path: str) -> tuple[str, str]:
    folder, name = posixpath.split(path.replace("\\", "/"))
    return posixpath.basename(folder), name
