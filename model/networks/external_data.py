"""Whether a network keeps weights in other files, which it may name anywhere on the disk.

ONNX Runtime would read `/etc/passwd` as weights if a network says so. The messages and the numbers
of their fields are those of `onnx.proto` (ONNX 1.18); a file is read as the wire format of Protocol
Buffers, without the package `onnx`, which only training needs.
"""

from __future__ import annotations

from collections.abc import Iterator

# Of each kind of message that can contain tensors: the fields that do, and of which kind they are.
_INNER = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_VARINT, _EIGHT_BYTES, _CHUNK, _FOUR_BYTES = 0, 1, 2, 5
_WIDTHS = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
# Graphs within graphs; those of Quire have none.
_DEEPEST = 60


def has_external_data(network: bytes) -> bool:
    """Return whether a network keeps weights in other files.

    Args:
        network: The ONNX file.

    Raises:
        ValueError: If the file is not one.

    Example:
        >>> has_external_data(b""), has_external_data(bytes([58, 4, 42, 2, 112, 1]))
        (False, True)
    """
    return _is_outside(memoryview(network), "model", 0)


def _is_outside(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("graphs are nested too deeply")
    inner = _INNER[kind]
    for number, value in _fields(message):
        if kind == "tensor" and number == _EXTERNAL_DATA:
            return True
        if kind == "tensor" and number == _DATA_LOCATION and value != 0:
            return True
        is_message = number in inner and isinstance(value, memoryview)
        if is_message and _is_outside(value, inner[number], depth + 1):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield the fields of a message: number, and bytes or the value of an integer."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire_type = key >> 3, key & 7
        value: memoryview | int = 0
        if wire_type == _VARINT:
            value, place = _varint(message, place)
        elif wire_type == _CHUNK:
            length, place = _varint(message, place)
            value, place = message[place : place + length], place + length
        elif wire_type in _WIDTHS:
            place += _WIDTHS[wire_type]
        else:
            raise ValueError(f"a field is of type {wire_type}")
        if place > len(message):
            raise ValueError("the file ends early")
        yield number, value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(message) or shift > 63:
            raise ValueError("the file ends early")
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place
