"""Named arrays in one file that is mapped, not read: a header in JSON, then the arrays.

| bytes                 | what                                                          |
|-----------------------|---------------------------------------------------------------|
| 8                     | magic, which names the kind of file and its version           |
| 8                     | length of the header, uint64 little-endian                    |
| length of the header  | JSON: `facts`, and of each array its name, dtype and length   |
| ...                   | the arrays, little-endian, each from a multiple of 8 bytes on |

Equal content gives equal bytes. Unlike an .npz file it can be mapped into memory, so that the
processes of a machine share one copy of it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_ALIGNMENT_BYTES = 8
_LENGTH = struct.Struct("<Q")
_MAGIC_BYTES = 8


def pack_arrays(magic: bytes, facts: dict, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Write arrays of one dimension.

    Args:
        magic: 8 bytes.
        facts: What JSON can hold.
        arrays: By name; of integers or floats.

    Returns:
        The content of the file.
    """
    little = {name: a.astype(a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    places = [[name, a.dtype.str, len(a)] for name, a in little.items()]
    header = json.dumps({"arrays": places, "facts": facts}, ensure_ascii=False, sort_keys=True)
    start = magic + _LENGTH.pack(len(header.encode())) + header.encode()
    return b"".join(_aligned(part) for part in (start, *(a.tobytes() for a in little.values())))


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT_BYTES)


def map_arrays(path: str | Path, magic: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Open what `pack_arrays` wrote.

    Args:
        path: The file.
        magic: What it has to begin with.

    Returns:
        The facts, and the arrays, mapped and read-only.

    Raises:
        ValueError: If it is no such file, or not a whole one.
    """
    size = Path(path).stat().st_size
    data = np.memmap(path, np.uint8, mode="r") if size else np.zeros(0, np.uint8)
    body = _MAGIC_BYTES + _LENGTH.size
    if size < body or bytes(data[:_MAGIC_BYTES]) != magic:
        raise ValueError(f"{path}: does not begin with {magic!r}; it is another kind of file")
    (length,) = _LENGTH.unpack(bytes(data[_MAGIC_BYTES:body]))
    try:
        header = json.loads(bytes(data[body : body + length]))
        arrays = _views(data, body + length, header["arrays"])
        return header["facts"], arrays
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: damaged or cut off ({error}); build it again") from None


def _views(data: np.ndarray, start: int, places: list) -> dict[str, np.ndarray]:
    """Find the arrays behind the header."""
    views = {}
    for name, dtype, length in places:
        start += -start % _ALIGNMENT_BYTES
        stop = start + np.dtype(dtype).itemsize * length
        if stop > len(data):
            raise ValueError(f"{name} ends at byte {stop} of {len(data)}")
        views[name] = data[start:stop].view(dtype)
        start = stop
    return views
