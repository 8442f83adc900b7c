"""Text files line by line, in flat memory whatever they hold."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class TextLine:
    """A line of a text file, or why it is none.

    Attributes:
        number: Its place in the file, from 1.
        text: The line with its line end; what cannot be told is U+FFFD.
        fault: What is wrong with it, and the cure; empty where it is sound.
        is_whole: Whether `text` is all of it; a line that is too long is left out.
    """

    number: int
    text: str
    fault: str = ""
    is_whole: bool = True


def read_text_lines(file: BinaryIO) -> Iterator[TextLine]:
    r"""Read a UTF-8 file, with or without byte order mark, a line at a time.

    Args:
        file: The file.

    Yields:
        Every line, faulty ones too.

    Example:
        >>> import io
        >>> [line.text for line in read_text_lines(io.BytesIO(b"a\r\nb"))]
        ['a\r\n', 'b']
    """
    # Files come with buffers of some KB: with those a line of 2 GB takes seven times as long.
    file = io.BufferedReader(file, LONGEST_LINE_BYTES)
    number = 0
    while data := file.readline(LONGEST_LINE_BYTES):
        number += 1
        if len(data) == LONGEST_LINE_BYTES and not data.endswith(b"\n"):
            fault = f"line {number} is longer than {LONGEST_LINE_BYTES} bytes; break or remove it"
            yield TextLine(number, "", fault, is_whole=False)
            # Only now: who gives a file up for its first line need not wait for the end of it.
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
        fault = fault or f"line {number} holds NUL bytes; export it anew"
    return TextLine(number, text.removeprefix("\ufeff") if number == 1 else text, fault)
