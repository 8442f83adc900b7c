"""Digests that identify an image: of its file, or of its pixels."""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO

import numpy as np

_BLOCK_BYTES = 1 << 20


def exact_key(data: bytes) -> str:
    """Return the digest of a file.

    Args:
        data: The bytes of the file.

    Returns:
        SHA-256, 64 hexadecimal digits.

    Example:
        >>> exact_key(b"")[:8]
        'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def digest_of_file(file: BinaryIO) -> str:
    """Name a large file by its bytes, without holding it.

    Args:
        file: The file, open and seekable; it is read from its start.

    Returns:
        What `exact_key` gives for its bytes.

    Example:
        >>> import io
        >>> digest_of_file(io.BytesIO(b"abc")) == exact_key(b"abc")
        True
    """
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def digest_of_pixels(grey: np.ndarray) -> str:
    """Return the digest of a page's pixels, which distinguishes the pages of one file.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        SHA-256 of the size and the pixels, 64 hexadecimal digits.

    Example:
        >>> tall, wide = np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.uint8)
        >>> digest_of_pixels(tall) == digest_of_pixels(wide)
        False
    """
    size = struct.pack("<II", *grey.shape)
    return exact_key(size + np.ascontiguousarray(grey, np.uint8).tobytes())
