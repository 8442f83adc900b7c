"""Reading and writing of gzip TFRecord files without TensorFlow.

A record consists of its length (uint64, little-endian), a checksum of the length, the data and a
checksum of the data (tensorflow/core/lib/io/record_writer.h). The checksums are not verified when
reading, because gzip's own CRC-32 covers every byte.
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
    """Yield the records of a gzip TFRecord file.

    Args:
        path: The file.

    Yields:
        The data of each record.

    Raises:
        ValueError: If the file is truncated or not a gzip TFRecord file.
    """
    with open(path, "rb") as file:
        yield from read_records_from(file, str(path))


def read_records_from(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the records of an open gzip TFRecord file.

    Args:
        file: The file.
        name: Name of the file in error messages.

    Yields:
        The data of each record.

    Raises:
        ValueError: If the file is truncated or not a gzip TFRecord file.
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


def write_record(file: BinaryIO, data: bytes) -> None:
    r"""Write one record with its checksums.

    Args:
        file: A gzip file that is open for writing.
        data: The data of the record.

    Example:
        >>> import io
        >>> plain = io.BytesIO()
        >>> write_record(plain, b"x")
        >>> plain.getvalue()[:8], len(plain.getvalue())
        (b'\x01\x00\x00\x00\x00\x00\x00\x00', 17)
    """
    length = _LENGTH.pack(len(data))
    file.write(length + _masked_checksum(length) + data + _masked_checksum(data))


def _masked_checksum(data: bytes) -> bytes:
    """Return the CRC-32C, masked as TFRecord files require."""
    # Imported here because machines that only train do not write and lack the package.
    import google_crc32c

    checksum = google_crc32c.value(data)
    rotated = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)
