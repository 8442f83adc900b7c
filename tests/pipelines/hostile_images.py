"""Odd and broken image files, each as a line image of a pair."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

from tests.drawn import jpeg, png
from tests.pipelines.hostile import STRIP, TEXT, pair, readable, unreadable

GREY = Image.fromarray(STRIP)
CLEAR = Image.merge("LA", (Image.new("L", GREY.size), GREY.point(lambda value: 255 - value)))
NOT_DECODED = ("x.png", "read", "", "image does not decode")
WIDTH = STRIP.shape[1]


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    """Encode an image file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def huge_png(side_px: int = 100_000) -> bytes:
    """Make a small PNG whose header states a huge size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    size = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(999)))


def tiff(width_px: int, height_px: int, pixels: bytes) -> bytes:
    """Make a TIFF with one deflated strip, which may not match the stated size."""
    strip = zlib.compress(pixels)
    tags = [
        (256, 4, width_px),
        (257, 4, height_px),
        (258, 3, 8),
        (259, 3, 8),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height_px),
        (279, 4, len(strip)),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + directory


def png_with_text_bomb() -> bytes:
    """Make a PNG of a few KB with a text chunk of 4 MB when decompressed."""
    info = PngImagePlugin.PngInfo()
    info.add_text("remark", "x" * 4_000_000, zip=True)
    return encoded(Image.fromarray(STRIP), "PNG", pnginfo=info)


def turned_jpeg() -> bytes:
    """Make a JPEG that is rotated, with the rotation in its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(np.rot90(STRIP), exif=exif)


def jpeg_with_odd_exif() -> bytes:
    """Make a JPEG like `turned_jpeg`, with a string as the resolution unit."""
    tags = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack("<HHI4s", 0x0128, 2, 1, b"")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + tags + bytes(4)
    return jpeg(np.rot90(STRIP), exif=exif)


IMAGES = {
    "PNG of 100,000 px": unreadable(pair(huge_png()), "x.png", "read", "", "100000 x 100000 px"),
    "PNG with text bomb": unreadable(pair(png_with_text_bomb()), *NOT_DECODED),
    "TIFF of 60,000 px": unreadable(
        pair(tiff(60_000, 60_000, bytes(999)), kind="tif"), "x.tif", "read", "", "60000 x 60000"
    ),
    "TIFF of fewer rows": readable(
        pair(tiff(WIDTH, 64, STRIP.tobytes() + bytes(100_000_000)), kind="tif")
    ),
    "TIFF cut off": unreadable(
        pair(tiff(WIDTH, 64, STRIP.tobytes()[:999]), kind="tif"),
        "x.tif",
        "read",
        "",
        "image does not decode",
    ),
    "turned by EXIF": readable(pair(turned_jpeg(), kind="jpg")),
    "odd EXIF": readable(pair(jpeg_with_odd_exif(), kind="jpg")),
    "1 bit": readable(pair(encoded(GREY.convert("1"), "PNG"))),
    "1 bit TIFF": readable(
        pair(encoded(GREY.convert("1"), "TIFF", compression="group4"), kind="tif")
    ),
    "16 bits": readable(pair(png(STRIP.astype(np.uint16) * 257))),
    "CMYK": readable(pair(encoded(GREY.convert("CMYK"), "JPEG", quality=95), kind="jpg")),
    "palette": readable(pair(encoded(GREY.convert("P"), "PNG"))),
    "alpha": readable(pair(encoded(CLEAR, "PNG"))),
    "empty image": unreadable(pair(b""), *NOT_DECODED),
    "image of text": unreadable(pair(TEXT.encode()), *NOT_DECODED),
    "image cut off": unreadable(
        pair(jpeg(STRIP)[:-900], kind="jpg"), "x.jpg", "read", "", "image does not decode"
    ),
}
