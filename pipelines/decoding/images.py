"""Count pages and decode them, in a decoder where that is possible."""

from __future__ import annotations

import io
import os
import weakref
from typing import BinaryIO

import numpy as np

from model.images.colour import tint_of
from model.images.decode import decode_page_frame
from model.images.dpi import page_dpi
from model.images.frame import Frame
from model.images.pages import count_pages as count_pages_here
from model.images.pages import open_page
from pipelines.decoding.messages import write_whole
from pipelines.decoding.pool import ask, is_possible

# Files in memory of pages that are done: writing over them is faster than taking new memory.
_spare: list[int] = []
_MOST_SPARE, _MOST_SPARE_BYTES = 4, 32_000_000


class SharedFile:
    """A file in memory, which decoders read without a copy.

    Args:
        data: Its content.
    """

    def __init__(self, data: bytes):
        self._data = data
        self._descriptor = -1
        if is_possible():
            self._descriptor = _spare_file()
            weakref.finalize(self, _put_back, self._descriptor)
            write_whole(self._descriptor, data)
            os.ftruncate(self._descriptor, len(data))

    def fileno(self) -> int:
        """Return its descriptor; -1 where there are no decoders."""
        return self._descriptor

    def opened(self) -> BinaryIO:
        """Return it as a file for this process."""
        return io.BytesIO(self._data)


def _spare_file() -> int:
    try:
        return _spare.pop()
    except IndexError:
        return os.memfd_create("page", os.MFD_CLOEXEC)


def _put_back(descriptor: int) -> None:
    if len(_spare) < _MOST_SPARE and os.fstat(descriptor).st_size <= _MOST_SPARE_BYTES:
        _spare.append(descriptor)
    else:
        os.close(descriptor)


def count_pages(file: BinaryIO | SharedFile) -> int:
    """Count the pages of a PDF or TIFF, as `model.images.pages.count_pages` does.

    Args:
        file: The file, open and seekable.

    Raises:
        OSError: If it cannot be read.
        ValueError: As there; or if that takes too long or too much memory.
    """
    descriptor = _descriptor(file)
    if descriptor is None:
        return count_pages_here(_opened(file))
    answer, _ = ask({"task": "count"}, descriptor)
    return int(answer["count"])


def decode(
    file: BinaryIO | SharedFile, number: int | None, is_paged: bool
) -> tuple[Frame, float | None]:
    """Decode a page.

    Args:
        file: The file, open and seekable.
        number: The page, from 1; None for the only one.
        is_paged: Whether the file may be a PDF or a TIFF of several pages.

    Returns:
        The page, and its resolution in dots per inch, None if the file states none.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the page does not decode, or takes too long or too much memory.
    """
    descriptor = _descriptor(file)
    if descriptor is None:
        opened = _opened(file)
        frame = (open_page if is_paged else decode_page_frame)(opened, number or 1)
        return frame, page_dpi(opened, number, frame.grey.shape[1])
    request = {"task": "decode", "number": number, "is_paged": is_paged}
    answer, grey = ask(request, descriptor)
    dpi = answer["dpi"]
    warnings = tuple(map(str, answer["warnings"]))
    return Frame(grey, int(answer["orientation"]), warnings), None if dpi is None else float(dpi)


def decode_tint(file: BinaryIO | SharedFile, number: int | None) -> np.ndarray | None:
    """Decode the colours of a page without its light, as `model.images.colour.tint_of` does.

    Args:
        file: The file, open and seekable.
        number: The page, from 1; None for the only one.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the page does not decode, or takes too long or too much memory.
    """
    descriptor = _descriptor(file)
    if descriptor is None:
        return tint_of(_opened(file), number or 1)
    _, planes = ask({"task": "tint", "number": number}, descriptor)
    return None if planes is None else planes.reshape(2, -1, planes.shape[1])


def _descriptor(file: BinaryIO | SharedFile) -> int | None:
    """Return the descriptor of a file for a decoder; None to decode it here."""
    if not is_possible():
        return None
    try:
        return file.fileno()
    # Of a bucket: fetched in parts, which a decoder cannot do.
    except (AttributeError, OSError):
        return None


def _opened(file: BinaryIO | SharedFile) -> BinaryIO:
    return file.opened() if isinstance(file, SharedFile) else file
