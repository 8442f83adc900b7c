"""Write the objects of a PDF one after the other, and the table that finds them (PDF 32000-1)."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import BinaryIO

# Says in its second line that the file is binary, as PDF/A demands.
_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_ID_BYTES = 16


class PdfObjects:
    """The objects of a PDF that is being written.

    Args:
        file: The file to write to, empty.
    """

    def __init__(self, file: BinaryIO):
        self._file, self._offsets = file, {}
        self._count, self._position = 0, 0
        self._digest = sha256()
        self._write(_HEAD)

    def reserve(self) -> int:
        """Return the number of an object that is to be written later."""
        self._count += 1
        return self._count

    def add(self, body: bytes, number: int = 0) -> int:
        """Write an object.

        Args:
            body: The object.
            number: From `reserve`; 0 for a new one.

        Returns:
            Its number.
        """
        number = number or self.reserve()
        self._offsets[number] = self._position
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def add_stream(
        self, entries: bytes, data: bytes, number: int = 0, is_packed: bool = False
    ) -> int:
        """Write a stream.

        Args:
            entries: Entries of its dictionary besides length, and filter if it is not packed yet.
            data: Its data.
            number: From `reserve`; 0 for a new one.
            is_packed: Whether the data stay as they are; else they are deflated.

        Returns:
            Its number.
        """
        if not is_packed:
            data, entries = zlib.compress(data), entries + b"/Filter/FlateDecode"
        return self.add(
            b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(data), data), number
        )

    def close(self, root: int, info: int) -> None:
        """Write the table of the objects and the trailer.

        Args:
            root: Number of the catalogue.
            info: Number of the information dictionary.
        """
        start, size = self._position, self._count + 1
        rows = (b"%010d 00000 n \n" % self._offsets[number] for number in range(1, size))
        self._write(b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, b"".join(rows)))
        name = self._digest.hexdigest()[: 2 * _ID_BYTES].encode()
        self._write(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n"
            % (size, root, info, name, name, start)
        )

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._position += len(data)


def text_string(text: str) -> bytes:
    """Return a text as a string object.

    Example:
        >>> text_string("é")
        b'<FEFF00E9>'
    """
    return b"<FEFF" + text.encode("utf-16-be", "replace").hex().upper().encode() + b">"


def number_text(value: float) -> bytes:
    """Return a number as PDF writes it, without an exponent.

    Example:
        >>> number_text(12.50004), number_text(-1e-9), number_text(3)
        (b'12.5', b'0', b'3')
    """
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return b"0" if text in ("-0", "") else text.encode()


def numbers_text(*values: float) -> bytes:
    """Return numbers with spaces between them.

    Example:
        >>> numbers_text(1, 0.25)
        b'1 0.25'
    """
    return b" ".join(map(number_text, values))
