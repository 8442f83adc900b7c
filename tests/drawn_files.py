"""Multi-page PDF and TIFF files, drawn by code; broken and hostile ones, too."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image


def image_file(pages: list[np.ndarray], kind: str, mode: str = "L", **options) -> bytes:
    """Return pages as one PDF or TIFF.

    Args:
        pages: uint8 [height, width] each.
        kind: 'PDF' or 'TIFF'.
        mode: Pillow's mode; '1' is lossless in both kinds, 'L' in TIFF.
        options: Options of Pillow's writer.
    """
    first, *rest = (Image.fromarray(page).convert(mode, dither=Image.Dither.NONE) for page in pages)
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=rest, **options)
    return file.getvalue()


def pdf(*objects: bytes) -> bytes:
    """Return a PDF of some objects, numbered from 1; the first is its catalogue."""
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    index = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF" % (size, index, size, len(out))
    )


def pdf_stream(entries: bytes, data: bytes) -> bytes:
    """Return a stream object."""
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(data), data)


def pdf_page(
    content: bytes,
    image: bytes = b"",
    data: bytes = b"",
    page: bytes = b"/MediaBox[0 0 72 72]",
    *more: bytes,
) -> bytes:
    """Return a PDF of one page.

    Args:
        content: Content stream; /I is the image and /F a font.
        image: Entries of the image's dictionary, without its type.
        data: Data of the image.
        page: Entries of the page's dictionary.
        more: Further objects, from number 6.
    """
    resources = b"/Resources<</XObject<</I 5 0 R>>/Font<</F<</Type/Font/Subtype/Type1/BaseFont"
    resources += b"/Helvetica>>>>>>"
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R" + page + resources + b">>",
        pdf_stream(b"", content),
        pdf_stream(b"/Type/XObject/Subtype/Image" + image, data),
        *more,
    )


def encrypted_pdf() -> bytes:
    """Return a PDF that requires a password; its key matches no password."""
    whole = pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")
    key = b"<" + b"00" * 32 + b">"
    encrypt = b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O %b/U %b>>" % (key, key)
    return whole.replace(b"/Root 1 0 R", b"/Root 1 0 R" + encrypt)


def claim_tiff_width(data: bytes, width_px: int, claimed_px: int) -> bytes:
    """Return a TIFF written by Pillow whose first page claims another width."""
    known = struct.pack("<HHI", 256, 4, 1) + struct.pack("<I", width_px)
    short = struct.pack("<HHIHH", 256, 3, 1, width_px, 0)
    new = struct.pack("<HHII", 256, 4, 1, claimed_px)
    entry = short if short in data else known
    assert entry in data
    return data.replace(entry, new, 1)
