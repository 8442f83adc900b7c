"""Read text files line by line, in constant memory for any content."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class TextLine:
    """A line of a text file, with its fault if it is damaged.

    Attributes:
        number: Its place in the file, from 1.
        text: The line with its line end; undecodable bytes are U+FFFD.
        fault: What is wrong with it, and the cure; empty where nothing is.
        is_whole: Whether `text` is complete; the text of a line that is too long is empty.
    """

    number: int
    text: str
    fault: str = ""
    is_whole: bool = True


def read_text_lines(file: BinaryIO) -> Iterator[TextLine]:
    r"""Read a UTF-8 file, with or without byte order mark, line by line.

    Args:
        file: The file.

    Yields:
        All lines, including damaged ones.

    Example:
        >>> import io
        >>> [line.text for line in read_text_lines(io.BytesIO(b"a\r\nb"))]
        ['a\r\n', 'b']
    """
    # With the default buffer of a few KB, a line of 2 GB would take seven times as long.
    file = io.BufferedReader(file, LONGEST_LINE_BYTES)
    number = 0
    while data := file.readline(LONGEST_LINE_BYTES):
        number += 1
        if len(data) == LONGEST_LINE_BYTES and not data.endswith(b"\n"):
            fault = f"line {number} is longer than {LONGEST_LINE_BYTES} bytes; break or remove it"
            yield TextLine(number, "", fault, is_whole=False)
            # After the yield, as a caller that gives up on the first line should not wait for this.
            _skip_rest(file)
        else:
            yield _decode(number, data)


def _skip_rest(file: BinaryIO) -> None:
    while data := file.readline(LONGEST_LINE_BYTES):
        if data.endswith(b"\n"):
            return


def _decode(number: int, data: bytes) -> TextLine:
    fault = ""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        text = data.decode(errors="replace")
        fault = f"line {number} is not UTF-8 ({error.reason}); save the file as UTF-8"
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
        fault = fault or f"line {number} contains NUL bytes; export it again"
    return TextLine(number, text.removeprefix("\ufeff") if number == 1 else text, fault)
