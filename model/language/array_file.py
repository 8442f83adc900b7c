"""A file format for named arrays that can be memory-mapped: a JSON header, then the arrays.

| bytes                 | content                                                       |
|-----------------------|---------------------------------------------------------------|
| 8                     | magic number: kind and version of the file                    |
| 8                     | length of the header, uint64 little-endian                    |
| length of the header  | JSON: `facts`; name, dtype and length of each array           |
| ...                   | the arrays, little-endian, each aligned to 8 bytes            |

Equal content gives equal bytes. Unlike an .npz file it can be memory-mapped, so that the processes
of a machine share one copy of it.
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
    """Return the bytes of a file of one-dimensional arrays.

    Args:
        magic: Magic number, 8 bytes.
        facts: Metadata that JSON can represent.
        arrays: Arrays of integers or floats by name.

    Returns:
        The content of the file.
    """
    little = {name: a.astype(a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    layout = [[name, a.dtype.str, len(a)] for name, a in little.items()]
    header = json.dumps({"arrays": layout, "facts": facts}, ensure_ascii=False, sort_keys=True)
    start = magic + _LENGTH.pack(len(header.encode())) + header.encode()
    return b"".join(_aligned(part) for part in (start, *(a.tobytes() for a in little.values())))


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT_BYTES)


def map_arrays(path: str | Path, magic: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Return the facts and the memory-mapped arrays of a file from `pack_arrays`.

    Args:
        path: The file.
        magic: Expected magic number.

    Returns:
        The facts, and read-only views of the arrays by name.

    Raises:
        ValueError: If the file has another magic number, or is damaged or truncated.
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


def _views(data: np.ndarray, start: int, layout: list) -> dict[str, np.ndarray]:
    """Return views of the arrays, which begin at byte `start`."""
    views = {}
    for name, dtype, length in layout:
        start += -start % _ALIGNMENT_BYTES
        stop = start + np.dtype(dtype).itemsize * length
        if stop > len(data):
            raise ValueError(f"{name} ends at byte {stop} of {len(data)}")
        views[name] = data[start:stop].view(dtype)
        start = stop
    return views
