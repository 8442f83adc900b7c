"""TIFF files of any arrangement of samples, written by code; Pillow and OpenCV write few."""

from __future__ import annotations

import struct
import zlib

import numpy as np

_SHORT, _LONG = 3, 4
_CODES = {_SHORT: "H", _LONG: "I"}
_KINDS = {"u": 1, "i": 2, "f": 3}


def tiff(*images: bytes | tuple[np.ndarray, dict], order: str = "<") -> bytes:
    """Return a TIFF of some images.

    Args:
        images: For each its samples, [height, width, samples], and options of `_image`.
        order: '<' or '>'.
    """
    mark = b"II*\0" if order == "<" else b"MM\0*"
    out, link = bytearray(mark + bytes(4)), 4
    for samples, options in images:
        entries, data = _image(samples, len(out), order, **options)
        out += data + bytes(len(data) % 2)
        out[link : link + 4] = struct.pack(f"{order}I", len(out))
        directory, link_in_it = _directory(entries, len(out), order)
        link = len(out) + link_in_it
        out += directory
    return bytes(out)


def grey_tiff(grey: np.ndarray, order: str = "<", **options) -> bytes:
    """Return a TIFF of one image; `grey` may also have samples as its third axis."""
    samples = grey if grey.ndim == 3 else grey[..., None]
    return tiff((samples, options), order=order)


def _image(
    samples: np.ndarray,
    start: int,
    order: str,
    photometric: int = 1,
    planar: int = 1,
    deflate: bool = False,
    predictor: int = 1,
    tile_px: int = 0,
    packed_bits: int = 0,
    tags: dict[int, list[int]] | None = None,
) -> tuple[dict[int, tuple[int, list[int]]], bytes]:
    height, width, count = samples.shape
    planes = [samples] if planar == 1 else [samples[..., n : n + 1] for n in range(count)]
    chunks = [
        _packed(chunk, order, deflate, predictor, packed_bits)
        for plane in planes
        for chunk in (_tiles(plane, tile_px) if tile_px else [plane])
    ]
    offsets = np.cumsum([start, *map(len, chunks)])[:-1].tolist()
    sizes = [len(chunk) for chunk in chunks]
    kind, bits = _KINDS[samples.dtype.kind], packed_bits or 8 * samples.dtype.itemsize
    entries = {
        256: (_LONG, [width]),
        257: (_LONG, [height]),
        258: (_SHORT, [bits] * count),
        259: (_SHORT, [8 if deflate else 1]),
        262: (_SHORT, [photometric]),
        277: (_SHORT, [count]),
        284: (_SHORT, [planar]),
        317: (_SHORT, [predictor]),
        339: (_SHORT, [kind] * count),
    }
    if tile_px:
        entries |= {322: (_LONG, [tile_px]), 323: (_LONG, [tile_px])}
        entries |= {324: (_LONG, offsets), 325: (_LONG, sizes)}
    else:
        entries |= {273: (_LONG, offsets), 278: (_LONG, [height]), 279: (_LONG, sizes)}
    entries |= {name: (_SHORT, values) for name, values in (tags or {}).items()}
    return entries, b"".join(chunks)


def _tiles(plane: np.ndarray, side: int) -> list[np.ndarray]:
    height, width, _ = plane.shape
    padded = np.pad(plane, ((0, -height % side), (0, -width % side), (0, 0)))
    return [
        padded[top : top + side, left : left + side]
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]


def _packed(
    chunk: np.ndarray, order: str, deflate: bool, predictor: int, packed_bits: int
) -> bytes:
    if predictor == 2:
        chunk = np.diff(chunk, axis=1, prepend=chunk.dtype.type(0))
    if packed_bits:
        rows = chunk.reshape(len(chunk), -1)
        bits = (rows[..., None] >> np.arange(packed_bits)[::-1]) & 1
        data = np.packbits(bits.reshape(len(chunk), -1).astype(np.uint8), axis=1).tobytes()
    elif predictor == 3:
        count = chunk.shape[2]
        rows = chunk.reshape(len(chunk), -1)
        big = rows.astype(rows.dtype.newbyteorder(">")).view(np.uint8)
        planes = big.reshape(*rows.shape, -1).swapaxes(1, 2).reshape(len(chunk), -1)
        stepped = planes.copy()
        stepped[:, count:] -= planes[:, :-count]
        data = stepped.tobytes()
    else:
        data = chunk.astype(chunk.dtype.newbyteorder(order)).tobytes()
    return zlib.compress(data) if deflate else data


def _directory(
    entries: dict[int, tuple[int, list[int]]], start: int, order: str
) -> tuple[bytes, int]:
    """Return a directory, and where in it the offset of the next one stands."""
    link = 2 + 12 * len(entries)
    listed, beyond = b"", b""
    for name, (kind, values) in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
        if len(packed) > 4:
            at = start + link + 4 + len(beyond)
            beyond += packed + bytes(len(packed) % 2)
            packed = struct.pack(f"{order}I", at)
        listed += struct.pack(f"{order}HHI", name, kind, len(values)) + packed.ljust(4, b"\0")
    return struct.pack(f"{order}H", len(entries)) + listed + bytes(4) + beyond, link
