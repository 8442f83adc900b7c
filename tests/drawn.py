"""Small test data, drawn by code."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from schemas.features import encode_line
from schemas.records import LineExample

FONT = cv2.FONT_HERSHEY_SCRIPT_COMPLEX


def png(grey: np.ndarray) -> bytes:
    """Encode an image as PNG."""
    return cv2.imencode(".png", grey)[1].tobytes()


def jpeg(grey: np.ndarray, **options) -> bytes:
    """Encode an image as JPEG."""
    return encoded(Image.fromarray(grey), "JPEG", quality=90, **options)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    """Encode an image as Pillow's format `kind`, with options of its writer."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def text_strip(text: str, height_px: int = 64) -> np.ndarray:
    """Draw a text on white, like a rectified strip."""
    width_px = cv2.getTextSize(text, FONT, 1.2, 2)[0][0] + 24
    strip = np.full((height_px, width_px), 255, np.uint8)
    cv2.putText(strip, text, (12, round(height_px * 0.68)), FONT, 1.2, 0, 2, cv2.LINE_AA)
    return strip


def write_tfrecords(path: Path, examples: list[LineExample]) -> None:
    """Write lines as a gzip TFRecord file, with checksums of 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = map(encode_line, examples)
    framed = (struct.pack("<Q", len(r)) + bytes(4) + r + bytes(4) for r in records)
    path.write_bytes(gzip.compress(b"".join(framed)))


def line_example(text: str, number: int = 0, split: str = "train") -> LineExample:
    """Draw one training example."""
    strip = text_strip(text)
    return LineExample(
        image=png(strip),
        width_px=strip.shape[1],
        height_px=strip.shape[0],
        text=text,
        page_uri=f"drawn/page_{number // 10}.png",
        line_id=f"l{number}",
        document="drawn",
        source="pair",
        split=split,
    )
