"""Messages between a process and its decoder: JSON, with an open file beside it.

An image that takes over the decoder can answer what it likes, so answers hold no code: no pickle.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence

_LENGTH = struct.Struct("<I")
_MOST_BYTES = 1 << 20


def send_message(link: socket.socket, content: dict, descriptors: Sequence[int] = ()) -> None:
    """Send a message.

    Args:
        link: Socket to the other process.
        content: What JSON can represent.
        descriptors: Of open files, which the other process gets, too.

    Raises:
        OSError: If the other process is gone.
    """
    data = json.dumps(content).encode()
    data = _LENGTH.pack(len(data)) + data
    sent = socket.send_fds(link, [data], list(descriptors))
    if sent < len(data):
        link.sendall(data[sent:])


def receive_message(link: socket.socket) -> tuple[dict, list[int]]:
    """Receive a message.

    Returns:
        Its content, and descriptors of open files, which are the caller's to close.

    Raises:
        EOFError: If the other process is gone.
        TimeoutError: If none came in the time that is set for the socket.
        ValueError: If it is no message.
    """
    data, descriptors = b"", []
    try:
        while len(data) < _LENGTH.size or len(data) < _LENGTH.size + _length(data):
            part, found, _, _ = socket.recv_fds(link, 1 << 16, 1)
            descriptors += found
            if not part:
                raise EOFError("the other process is gone")
            data += part
        content = json.loads(data[_LENGTH.size :])
        if not isinstance(content, dict):
            raise ValueError("not a message")
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return content, descriptors


def _length(data: bytes) -> int:
    (length,) = _LENGTH.unpack_from(data)
    if length > _MOST_BYTES:
        raise ValueError(f"a message of {length:,} bytes")
    return length


def write_whole(descriptor: int, data: bytes | memoryview) -> None:
    """Write bytes to a file from its start on; it may go on after them.

    Args:
        descriptor: Of the file.
        data: The bytes.
    """
    view, place = memoryview(data).cast("B"), 0
    while place < len(view):
        place += os.pwrite(descriptor, view[place:], place)
