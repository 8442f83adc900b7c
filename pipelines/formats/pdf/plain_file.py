"""Read the objects of a PDF as PDFium saves it: a plain table of them, and none in streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"\((?:\\.|[^\\)])*\)|<<|>>|<[^<>]*>|\[|\]|/[^\s()<>\[\]{}/%]*|\d+ \d+ R\b|[^\s()<>\[\]{}/%]+",
    re.DOTALL,
)
_REFERENCE = re.compile(rb"(\d+) \d+ R")
_XREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_OPENING, _CLOSING = (b"<<", b"["), (b">>", b"]")


@dataclass(frozen=True)
class PdfObject:
    """An object of a PDF.

    Attributes:
        value: The object, or the dictionary of a stream.
        stream: Data of the stream as they are stored; None if it is none.
    """

    value: bytes
    stream: bytes | None = None


def plain_objects(data: bytes) -> tuple[dict[int, PdfObject], int]:
    """Return the objects of a PDF by their numbers, and the number of its catalogue.

    Raises:
        ValueError: If it is not such a file.
    """
    place, root = _XREF.search(data[-64:]), _ROOT.search(data)
    if place is None or root is None:
        raise ValueError("PDF has no plain table of objects")
    table = data[int(place[1]) :].split(b"trailer")[0].split(b"\n")
    offsets = [int(row[:10]) for row in table if row.rstrip().endswith(b"n") and len(row) > 17]
    ends = [*sorted(offsets)[1:], int(place[1])]
    found = dict(_object(data[start:end]) for start, end in zip(sorted(offsets), ends))
    return found, int(root[1])


def _object(data: bytes) -> tuple[int, PdfObject]:
    head = re.match(rb"(\d+) 0 obj\s+", data)
    if head is None:
        raise ValueError("PDF has an object in another place than it says")
    body = data[head.end() :].rstrip().removesuffix(b"endobj").rstrip()
    if not body.startswith(b"<<"):
        return int(head[1]), PdfObject(body)
    end = _end_of_value(body)
    start = re.match(rb"\s*stream\r?\n", body[end:])
    if start is None:
        return int(head[1]), PdfObject(body[:end])
    at, length = end + start.end(), int(entries_of(body[:end])[b"/Length"])
    if not re.fullmatch(rb"\s*endstream", body[at + length :]):
        raise ValueError("PDF has a stream of another length than it says")
    return int(head[1]), PdfObject(body[:end], body[at : at + length])


def _end_of_value(body: bytes) -> int:
    depth = 0
    for token in _TOKEN.finditer(body):
        depth += (token[0] in _OPENING) - (token[0] in _CLOSING)
        if depth == 0:
            return token.end()
    raise ValueError("PDF has an object that does not end")


def entries_of(dictionary: bytes) -> dict[bytes, bytes]:
    """Return the entries of a dictionary, as they are written.

    Example:
        >>> entries_of(b"<</A[1 2]/B 3 0 R /C<</D(x>>)>>/E/F>>")
        {b'/A': b'[1 2]', b'/B': b'3 0 R', b'/C': b'<</D(x>>)>>', b'/E': b'/F'}
    """
    found, key, start, depth = {}, b"", 0, 0
    for token in _TOKEN.finditer(dictionary):
        opens, closes = token[0] in _OPENING, token[0] in _CLOSING
        if depth == 1 and not key and not closes:
            key = token[0]
            continue
        if depth == 1 and key and not closes:
            start = token.start()
        depth += opens - closes
        if depth == 1 and key:
            found[key], key = dictionary[start : token.end()], b""
    return found


def references(value: bytes) -> Iterator[int]:
    """Return the numbers of the objects that an object refers to."""
    for token in _TOKEN.finditer(value):
        if found := _REFERENCE.fullmatch(token[0]):
            yield int(found[1])


def renumbered(value: bytes, numbers: dict[int, int]) -> bytes:
    """Return an object with other numbers of the objects that it refers to.

    Example:
        >>> renumbered(b"<</A 3 0 R/B(3 0 R)>>", {3: 7})
        b'<</A 7 0 R/B(3 0 R)>>'
    """

    def other(token: re.Match) -> bytes:
        found = _REFERENCE.fullmatch(token[0])
        return b"%d 0 R" % numbers[int(found[1])] if found else token[0]

    return _TOKEN.sub(other, value)
