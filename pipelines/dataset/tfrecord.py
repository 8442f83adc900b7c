"""TFRecord files of a dataset, read through Beam's file systems."""

from __future__ import annotations

from collections.abc import Iterator

from model.dataset.tfrecord import read_records_from
from pipelines.files.filesystem import BeamFiles


def read_records(path: str) -> Iterator[bytes]:
    """Read the records of a gzip TFRecord file, one at a time.

    Args:
        path: The file, on any file system that Beam knows.

    Yields:
        The data of each record.

    Raises:
        OSError: If the file does not exist or cannot be read.
        ValueError: If the file is truncated or is not a gzip TFRecord file.
    """
    with BeamFiles().open(path) as file:
        yield from read_records_from(file, path)
