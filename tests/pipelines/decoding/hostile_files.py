"""Small files that take a decoder much time or memory, or more than there is."""

from __future__ import annotations

import struct
import zlib


def png(width_px: int, height_px: int, bits: int = 8) -> bytes:
    """Draw a sound black PNG, which is a thousand times smaller than its pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    row = bytes(1 + width_px * bits // 8)
    packer = zlib.compressobj(1)
    at_once = max(1, (1 << 20) // len(row))
    parts = [
        packer.compress(row * min(at_once, height_px - top)) for top in range(0, height_px, at_once)
    ]
    header = struct.pack(">IIBBBBB", width_px, height_px, bits, 0, 0, 0, 0)
    data = b"".join(parts) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def pdf(*objects: bytes) -> bytes:
    """Put a PDF of one page together; the objects follow those of the page, from number 5 on."""
    every = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</XObject<</F 5 0 R>>>>>>",
        stream(b"/F Do"),
        *objects,
    )
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(every, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    index = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(every) + 1
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (count, index, count, len(data))
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(content), content)


def form(content: bytes, number: int) -> bytes:
    """Return a form whose /F is an object."""
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</F %d 0 R>>>>"
    return stream(content, entries % number)


def self_drawing_pdf() -> bytes:
    """Make a PDF whose form draws itself, twice each time."""
    return pdf(form(b"q .99 0 0 .99 0 0 cm /F Do /F Do 0 0 600 800 re f Q", 5))


def burning_pdf(levels: int = 9) -> bytes:
    """Make a PDF of forms that each draw the next one ten times."""
    drawn = [form(b"/F Do " * 10, 6 + level) for level in range(levels - 1)]
    return pdf(*drawn, stream(b"0 0 600 800 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"))
