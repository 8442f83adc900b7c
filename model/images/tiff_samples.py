"""Samples of TIFF kinds that Pillow refuses, clips or confuses.

These are samples of more than 8 bits in any arrangement (planes, colours, floats), CIELab, and
grey with more channels. Pillow unpacks the compression, told that the image is one of grey bytes;
what the bytes mean is read here (TIFF 6.0, sections 8 and 14; predictor 3: Adobe Photoshop TIFF
Technical Note 3).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from model.images import tiff_tags as tag

_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_DTYPES = {
    **{(_UNSIGNED, bits): f"u{bits // 8}" for bits in (8, 16, 32, 64)},
    **{(_SIGNED, bits): f"i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{(_FLOAT, bits): f"f{bits // 8}" for bits in (16, 32, 64)},
}
_PACKED_BITS = range(9, 16)
# None, LZW, Deflate (two numbers), PackBits, LZMA, Zstandard: they know nothing of samples.
_COMPRESSIONS = (1, 5, 8, 32946, 32773, 34925, 50000)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, CIELAB, ICCLAB = 0, 1, 2, 5, 8, 9
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4, CIELAB: 3, ICCLAB: 3}
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3
_MOST_SAMPLES = 16
_ALPHA = (1, 2)
# Rows that are unpacked at once, in bytes.
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True)
class Layout:
    """How the samples of an image lie in its TIFF.

    Attributes:
        width_px: Width as stored.
        height_px: Height as stored.
        photometric: What the samples mean, one of the constants of this module.
        samples: Samples of a pixel.
        bits: Bits of a sample.
        dtype: NumPy's name of a sample, without its byte order; empty for packed bits.
        order: '<' or '>'.
        is_planar: Whether each sample has a plane of its own.
        predictor: 1 for none, 2 for differences, 3 for differences of floats.
        tile_px: Width and length of a tile; None for strips.
        compression: As the tag says.
        alpha: Index of the opacity among the samples; None for none.
        stated_white: Greatest sample that the file states; 0 for none.
    """

    width_px: int
    height_px: int
    photometric: int
    samples: int
    bits: int
    dtype: str
    order: str
    is_planar: bool
    predictor: int
    tile_px: tuple[int, int] | None
    compression: int
    alpha: int | None
    stated_white: float

    @property
    def colours(self) -> int:
        """The samples that are no opacity and no other extra."""
        return _COLOURS[self.photometric]

    @property
    def _chunk(self) -> int:
        """Samples of a row of a strip or tile."""
        across_px = self.tile_px[0] if self.tile_px else self.width_px
        return across_px * (1 if self.is_planar else self.samples)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a row of a strip or tile."""
        return -(-self._chunk * self.bits // 8)

    @property
    def across(self) -> int:
        """Strips or tiles side by side."""
        return -(-self.width_px // self.tile_px[0]) if self.tile_px else 1

    def unpacked(self, rows: np.ndarray) -> np.ndarray:
        """Read samples out of bytes.

        Args:
            rows: uint8 [rows, bytes of a row].

        Returns:
            [rows, width_px, samples of the plane].
        """
        count = len(rows)
        chunks = rows.reshape(count * self.across, self.chunk_bytes)
        values = self._values(chunks)
        per_px = 1 if self.is_planar else self.samples
        values = values.reshape(count * self.across, -1, per_px)
        if self.predictor == _DIFFERENCES:
            values = np.cumsum(values, axis=1, dtype=values.dtype)
        return values.reshape(count, -1, per_px)[:, : self.width_px]

    def _values(self, chunks: np.ndarray) -> np.ndarray:
        if not self.dtype:
            bits = np.unpackbits(chunks, axis=1)[:, : self._chunk * self.bits]
            powers = 1 << np.arange(self.bits - 1, -1, -1, dtype=np.uint16)
            return bits.reshape(len(chunks), self._chunk, self.bits) @ powers
        if self.predictor == _FLOAT_DIFFERENCES:
            per_px = 1 if self.is_planar else self.samples
            stepped = chunks.reshape(len(chunks), -1, per_px)
            planes = np.cumsum(stepped, axis=1, dtype=np.uint8)
            planes = planes.reshape(len(chunks), self.bits // 8, self._chunk)
            whole = np.ascontiguousarray(planes.swapaxes(1, 2)).reshape(len(chunks), -1)
            return whole.view(f">{self.dtype}").astype(self.dtype)
        return chunks.view(f"{self.order}{self.dtype}").astype(self.dtype, copy=False)


def sample_layout(tags: Mapping[int, object], order: str) -> Layout | None:
    """Read from its tags how the samples of an image lie.

    Args:
        tags: The directory of the image.
        order: '<' or '>'.

    Returns:
        The layout; None where Pillow reads the image rightly, or nothing here does.
    """
    bits = int(tag.first_value(tags, tag.BITS_PER_SAMPLE, 1))
    photometric = int(tag.first_value(tags, tag.PHOTOMETRIC))
    samples = int(tag.first_value(tags, tag.SAMPLES_PER_PIXEL, 1))
    kind = int(tag.first_value(tags, tag.SAMPLE_FORMAT, _UNSIGNED)) or _UNSIGNED
    dtype = _DTYPES.get((kind, bits), "")
    is_packed = kind == _UNSIGNED and bits in _PACKED_BITS
    is_grey_of_several = photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO) and samples > 1
    is_odd = bits > 8 or photometric in (CIELAB, ICCLAB) or is_grey_of_several
    size = [int(tag.first_value(tags, name)) for name in (tag.IMAGE_WIDTH, tag.IMAGE_LENGTH)]
    compression = int(tag.first_value(tags, tag.COMPRESSION, 1))
    can_be_read = (
        (dtype or is_packed)
        and compression in _COMPRESSIONS
        and _COLOURS.get(photometric, 99) <= samples <= _MOST_SAMPLES
        and min(size) > 0
        and not _differs(tags.get(tag.BITS_PER_SAMPLE))
    )
    if not (is_odd and can_be_read):
        return None
    extras = tags.get(tag.EXTRA_SAMPLES, ())
    extras = extras if isinstance(extras, tuple) else (extras,)
    of_alpha = [i for i, extra in enumerate(extras) if extra in _ALPHA]
    alpha = _COLOURS[photometric] + of_alpha[0] if of_alpha else None
    tile = [int(tag.first_value(tags, name)) for name in (tag.TILE_WIDTH, tag.TILE_LENGTH)]
    stated = [
        tag.first_value(tags, name)
        for name in (tag.WHITE_LEVEL, tag.S_MAX_SAMPLE_VALUE, tag.MAX_SAMPLE_VALUE)
    ]
    return Layout(
        *size,
        photometric,
        samples,
        bits,
        dtype,
        order,
        tag.first_value(tags, tag.PLANAR, 1) == 2 and samples > 1,
        int(tag.first_value(tags, tag.PREDICTOR, 1)),
        (tile[0], tile[1]) if min(tile) > 0 else None,
        compression,
        alpha if alpha is not None and alpha < samples else None,
        next(filter(None, stated), 0.0),
    )


def read_rows(file: BinaryIO, tags: Mapping[int, object], layout: Layout) -> Iterator[np.ndarray]:
    """Read the samples of an image, a block of rows at a time.

    Args:
        file: The TIFF.
        tags: The directory of the image.
        layout: What `sample_layout` gave.

    Yields:
        [rows, width_px, samples], of all rows together height_px.

    Raises:
        OSError: If the file is truncated or its compression cannot be read.
        ValueError: If it lacks a tag.
    """
    planes = layout.samples if layout.is_planar else 1
    stored = [_bytes_of(file, tags, layout, plane, planes) for plane in range(planes)]
    rows = max(1, _BLOCK_BYTES // (stored[0].shape[1] * planes))
    for top in range(0, layout.height_px, rows):
        bottom = min(top + rows, layout.height_px)
        yield np.concatenate([layout.unpacked(plane[top:bottom]) for plane in stored], axis=2)


def _bytes_of(
    file: BinaryIO, tags: Mapping[int, object], layout: Layout, plane: int, planes: int
) -> np.ndarray:
    """Unpack the compression of one plane, as an image of grey bytes."""
    file.seek(0)
    data = bytearray(file.read())
    names = (
        (tag.TILE_OFFSETS, tag.TILE_BYTE_COUNTS)
        if layout.tile_px
        else (tag.STRIP_OFFSETS, tag.STRIP_BYTE_COUNTS)
    )
    places = [_values(tags, name) for name in names]
    count = len(places[0]) // planes
    if not count:
        raise ValueError("no strips or tiles are listed")
    entries = {
        tag.IMAGE_WIDTH: [layout.chunk_bytes * layout.across],
        tag.IMAGE_LENGTH: [layout.height_px],
        tag.BITS_PER_SAMPLE: [8],
        tag.COMPRESSION: [layout.compression],
        tag.PHOTOMETRIC: [BLACK_IS_ZERO],
        tag.SAMPLES_PER_PIXEL: [1],
        **{name: list(at[plane * count :][:count]) for name, at in zip(names, places) if at},
    }
    if layout.tile_px:
        entries |= {tag.TILE_WIDTH: [layout.chunk_bytes], tag.TILE_LENGTH: [layout.tile_px[1]]}
    else:
        rows = int(tag.first_value(tags, tag.ROWS_PER_STRIP, layout.height_px))
        entries[tag.ROWS_PER_STRIP] = [min(rows, layout.height_px)]
    with Image.open(
        io.BytesIO(_with_directory(data, entries, layout.order)), formats=["TIFF"]
    ) as image:
        return np.asarray(image)


def _with_directory(data: bytearray, entries: dict[int, list[int]], order: str) -> bytes:
    """Return a TIFF with one directory, at its end, in place of its own; values are LONGs."""
    data.extend(bytes(-len(data) % 2))
    data[:8] = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", len(data))
    beyond = len(data) + 2 + 12 * len(entries) + 4
    listed, values = b"", b""
    for name, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            at = beyond + len(values)
            values += packed
            packed = struct.pack(f"{order}I", at)
        listed += struct.pack(f"{order}HHI", name, 4, len(numbers)) + packed
    return bytes(data) + struct.pack(f"{order}H", len(entries)) + listed + bytes(4) + values


def _values(tags: Mapping[int, object], name: int) -> tuple[int, ...]:
    value = tags.get(name, ())
    return value if isinstance(value, tuple) else (int(value),)


def _differs(bits: object) -> bool:
    return isinstance(bits, tuple) and len(set(bits)) > 1
