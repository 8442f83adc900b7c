"""The directories of a TIFF: the tags of each of its images, none of which is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from PIL.TiffImagePlugin import ImageFileDirectory_v2

NEW_SUBFILE_TYPE, OLD_SUBFILE_TYPE = 254, 255
IMAGE_WIDTH, IMAGE_LENGTH, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES_PER_PIXEL = 266, 273, 274, 277
ROWS_PER_STRIP, STRIP_BYTE_COUNTS, MAX_SAMPLE_VALUE, PLANAR = 278, 279, 281, 284
PREDICTOR, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 317, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, S_MAX_SAMPLE_VALUE, WHITE_LEVEL = 338, 339, 341, 50717

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BIG = (b"II+\0", b"MM\0+")
# Bits of NewSubfileType, and the value of SubfileType, of an image that is a smaller copy or a
# mask (TIFF 6.0, section 8).
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_MOST_DIRECTORIES = 20_000


def is_tiff(file: BinaryIO) -> bool:
    """Return whether a file is a TIFF or BigTIFF, and rewind it.

    Args:
        file: The file, open and seekable.

    Example:
        >>> import io
        >>> is_tiff(io.BytesIO(b"II*" + bytes(5))), is_tiff(io.BytesIO(b"PK"))
        (True, False)
    """
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    return head in _MAGIC


def directories(file: BinaryIO) -> Iterator[ImageFileDirectory_v2]:
    """Iterate over the directories of a TIFF; a chain that bites its tail ends there.

    Args:
        file: The TIFF, open and seekable.

    Yields:
        Tags of one image after the other; of a directory that is cut off, those before the cut.
    """
    file.seek(0)
    header = file.read(8)
    if header[:4] in _BIG:
        header += file.read(8)
    try:
        offset = ImageFileDirectory_v2(header).next
    except (struct.error, SyntaxError):
        return
    seen: set[int] = set()
    while offset and offset not in seen and len(seen) < _MOST_DIRECTORIES:
        seen.add(offset)
        file.seek(offset)
        tags = ImageFileDirectory_v2(header)
        tags.next = 0
        tags.load(file)
        yield tags
        offset = tags.next


def is_page(tags: Mapping[int, object]) -> bool:
    """Return whether tags are those of a page, not of a smaller copy or a mask.

    Example:
        >>> is_page({256: 8}), is_page({256: 8, 254: 1}), is_page({256: 8, 255: 2}), is_page({})
        (True, False, False, False)
    """
    kind = tags.get(NEW_SUBFILE_TYPE)
    is_other = isinstance(kind, int) and bool(kind & (_REDUCED | _MASK))
    is_old = tags.get(OLD_SUBFILE_TYPE) == _OLD_REDUCED
    # Read at an invalid offset, tags lack a width.
    return IMAGE_WIDTH in tags and not is_other and not is_old


def first_value(tags: Mapping[int, object], tag: int, default: float = 0) -> float:
    """Return the only or first value of a tag.

    Example:
        >>> first_value({258: (16, 16)}, 258), first_value({}, 258, 1)
        (16, 1)
    """
    value = tags.get(tag, default)
    if isinstance(value, tuple):
        value = value[0] if value else default
    return value if isinstance(value, (int, float)) else default
