"""Small files that take a decoder much time or memory, or more than there is."""

from __future__ import annotations

import struct
import zlib

from tests.drawn_files import pdf, pdf_stream


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


def one_page_pdf(*objects: bytes) -> bytes:
    """Return a PDF of one page; the objects follow those of the page, from number 5 on."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</XObject<</F 5 0 R>>>>>>",
        pdf_stream(b"", b"/F Do"),
        *objects,
    )


def form(content: bytes, number: int) -> bytes:
    """Return a form whose /F is an object."""
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</F %d 0 R>>>>"
    return pdf_stream(entries % number, content)


def self_drawing_pdf() -> bytes:
    """Make a PDF whose form draws itself, twice each time."""
    return one_page_pdf(form(b"q .99 0 0 .99 0 0 cm /F Do /F Do 0 0 600 800 re f Q", 5))


def burning_pdf(levels: int = 9) -> bytes:
    """Make a PDF of forms that each draw the next one ten times."""
    drawn = [form(b"/F Do " * 10, 6 + level) for level in range(levels - 1)]
    last = pdf_stream(b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b"0 0 600 800 re f")
    return one_page_pdf(*drawn, last)
