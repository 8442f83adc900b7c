"""Decode page images to greyscale, in their EXIF orientation."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

_MOST_PIXELS = 400_000_000
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "JPEG2000")

# Bound on the images of a TIFF; two of their tags, and the bits of the second one.
_MOST_FRAMES = 20_000
_IMAGE_WIDTH, _NEW_SUBFILE_TYPE = 256, 254
_REDUCED, _MASK = 1, 4

# Quire has a limit of its own, with a clearer message; Pillow's warning would come first.
Image.MAX_IMAGE_PIXELS = None


class _TooLarge(ValueError):
    """The image is valid but has too many pixels."""


def decode_image(data: bytes) -> np.ndarray:
    """Decode an image file to greyscale, in its EXIF orientation.

    Args:
        data: The bytes of a JPEG, PNG, TIFF, BMP, WebP or JPEG 2000 file.

    Returns:
        uint8 [height_px, width_px], paper light; the first image if the file has several.

    Raises:
        ValueError: If it is truncated, in another format, or larger than 400 megapixels.
    """
    return decode_frame(io.BytesIO(data), 0)


def decode_frame(file: BinaryIO, frame: int) -> np.ndarray:
    """Decode one image of a file to greyscale, as `decode_image` does, and none of the others.

    Args:
        file: The file, open.
        frame: Its index among all images of the file, from 0.

    Returns:
        uint8 [height_px, width_px].

    Raises:
        ValueError: If there is no such image, or it does not decode or is too large.
    """
    with _decoding(), Image.open(file, formats=_FORMATS) as image:
        if frame:
            image.seek(frame)
        check_size(image.width, image.height)
        image.load()
        return _to_grey(_upright(image))


def page_frames(file: BinaryIO) -> Iterator[int]:
    """Iterate over the images of a file that are pages, without decoding any.

    A TIFF may also contain smaller copies of its pages (thumbnails, the levels of a pyramid)
    and masks, by the bits of NewSubfileType (TIFF 6.0, section 8); these are skipped.

    Args:
        file: The file, open.

    Yields:
        Indices among all images of the file, from 0; at least one.

    Raises:
        ValueError: If the file is not an image.
    """
    with _decoding(), Image.open(file, formats=_FORMATS) as image:
        yield 0
        if image.format != "TIFF":
            return
        for frame in range(1, _MOST_FRAMES):
            try:
                # An image that Pillow cannot set up has its tags read; it fails when decoded.
                with suppress(SyntaxError, KeyError, TypeError, ValueError):
                    image.seek(frame)
            except EOFError:
                return
            if _is_page(image.tag_v2):
                yield frame


def check_size(width_px: float, height_px: float) -> None:
    """Check the size of an image before it is decompressed.

    Raises:
        ValueError: If it has more than 400 megapixels.
    """
    if width_px * height_px > _MOST_PIXELS:
        raise _TooLarge(f"image has {width_px:.0f} x {height_px:.0f} px; scale it down")


def check_page_number(number: int, count: int) -> None:
    """Check that a file has a page.

    Args:
        number: The page, from 1.
        count: Number of pages in the file.

    Raises:
        ValueError: If the file has fewer pages.
    """
    if number > count:
        raise ValueError(
            f"page {number} is not in the file, which has {count}; correct the page number"
        )


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn the errors of Pillow over a bad file into a ValueError that says what to do."""
    try:
        yield
    except UnidentifiedImageError:
        kinds = ", ".join(_FORMATS)
        raise ValueError(f"image does not decode (none of {kinds}); replace the file") from None
    except _TooLarge:
        raise
    # Pillow fails on broken files in many ways: struct.error, ValueError, AttributeError.
    except Exception as error:
        raise ValueError(f"image does not decode ({error}); replace the file") from None


def _upright(image: Image.Image) -> Image.Image:
    """Transpose an image to its EXIF orientation.

    `ImageOps.exif_transpose` would also rewrite the EXIF data, which may contain odd tags.
    """
    method = _TRANSPOSITIONS.get(image.getexif().get(ExifTags.Base.Orientation))
    return image if method is None else image.transpose(method)


def _is_page(tags: Mapping[int, object]) -> bool:
    """Return whether the tags are those of a page; read at an invalid offset they lack a width."""
    subfile_type = tags.get(_NEW_SUBFILE_TYPE)
    is_other = isinstance(subfile_type, int) and bool(subfile_type & (_REDUCED | _MASK))
    return _IMAGE_WIDTH in tags and not is_other


def _to_grey(image: Image.Image) -> np.ndarray:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    if image.mode.startswith("I") or image.mode == "F":
        # 16 and 32 bits: Pillow would clip at 255.
        wide = np.asarray(image, np.float32)
        full = 65535.0 if wide.max() > 255 else 255.0
        return np.clip(wide * (255.0 / full), 0, 255).astype(np.uint8)
    return np.array(image if image.mode == "L" else image.convert("L"))
