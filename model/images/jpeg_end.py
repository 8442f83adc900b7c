"""JPEG files that lack their end mark."""

from __future__ import annotations

import io
import random
from typing import BinaryIO

import numpy as np
from PIL import Image

NO_END_MARK = "no end mark"

_END_MARK = b"\xff\xd9"
# What begins the data of a scan. Neither it nor the end mark occurs in the data.
_SCAN_MARK = b"\xff\xda"
# What fills up a file that was allocated, but not written. Decoders take it for data.
_FILLING = bytes(16)
_FILLER_BYTES = 4096
_RESTARTS = 16


def is_unended(file: BinaryIO) -> bool:
    """Return whether a JPEG has no end mark behind its data, and leave it where it was.

    Args:
        file: The JPEG, open and seekable. Other data may follow its end mark, such as the
            film of a phone's moving photograph.
    """
    start = file.tell()
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - len(_END_MARK)))
    data = b""
    if file.read() != _END_MARK:
        file.seek(0)
        data = file.read()
    file.seek(start)
    return data.rfind(_END_MARK) < data.rfind(_SCAN_MARK)


def read_unended(data: bytes) -> Image.Image | None:
    """Decode a JPEG that lacks nothing but its end mark.

    Where data is missing, too, decoders make up the rest of the picture, and do not say so. But
    then bytes that are put in the place of the missing data change the picture, while decoders
    skip bytes that follow complete data.

    Args:
        data: A JPEG file that ends too early.

    Returns:
        The picture, decoded; None if some of its data is missing.
    """
    if data.endswith(_FILLING):
        data = data.rstrip(b"\0")
    # Half of an end mark, or of an escaped byte: with what follows it would be a marker.
    data = data.rstrip(b"\xff")
    picture = _decoded(data + _END_MARK)
    if picture is None:
        return None
    pixels = np.asarray(picture)
    for filler in _fillers():
        other = _decoded(data + filler + _END_MARK)
        if other is None or not np.array_equal(pixels, np.asarray(other)):
            return None
    return picture


def _decoded(data: bytes) -> Image.Image | None:
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG"])
        image.load()
    except OSError:
        return None
    return image


def _fillers() -> list[bytes]:
    """Return bytes that stand for data: without restart markers, and with them."""
    # The same ones in every run; 255 would begin a marker.
    noise = bytes(random.Random(0).choices(range(255), k=_FILLER_BYTES))  # noqa: S311
    marked = b"".join(bytes([0xFF, 0xD0 + n % 8]) + noise[:256] for n in range(_RESTARTS))
    return [noise, marked]
