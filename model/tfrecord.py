"""Reading gzip TFRecord files with numpy-free, TensorFlow-free code.

A record is its length (uint64, little-endian), a checksum of the length, the data and a
checksum of the data (tensorflow/core/lib/io/record_writer.h). The checksums are not
looked at: gzip's own CRC-32 already covers every byte.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_LENGTH = struct.Struct("<Q")
_CHECKSUM_BYTES = 4
_LONGEST_RECORD_BYTES = 1 << 30


def read_records(path: str | Path) -> Iterator[bytes]:
    """Read the records of one gzip TFRecord file, one at a time.

    Args:
        path: The file.

    Yields:
        The data of each record.

    Raises:
        ValueError: If the file is cut off or is no gzip TFRecord file.
    """
    with open(path, "rb") as file:
        yield from read_records_from(file, str(path))


def read_records_from(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Read the records of an open gzip TFRecord file, one at a time.

    Args:
        file: The file.
        name: What errors call it.

    Yields:
        The data of each record.

    Raises:
        ValueError: If the file is cut off or is no gzip TFRecord file.
    """
    try:
        with gzip.open(file, "rb") as unzipped:
            while header := unzipped.read(_LENGTH.size + _CHECKSUM_BYTES):
                yield _read_data(unzipped, header, name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{name}: not a whole gzip TFRecord file ({error}); ingest again"
        ) from None


def _read_data(file, header: bytes, path) -> bytes:
    if len(header) < _LENGTH.size + _CHECKSUM_BYTES:
        raise ValueError(f"{path}: cut off inside a record; ingest again")
    (length,) = _LENGTH.unpack(header[: _LENGTH.size])
    if length > _LONGEST_RECORD_BYTES:
        raise ValueError(f"{path}: record of {length} bytes; not a TFRecord file")
    data = file.read(length)
    if len(data) < length or len(file.read(_CHECKSUM_BYTES)) < _CHECKSUM_BYTES:
        raise ValueError(f"{path}: cut off inside a record; ingest again")
    return data
