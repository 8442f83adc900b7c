"""One image of an image file, to greyscale as it is to be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from model.images import tiff_tags
from model.images.depth import to_bytes, white_level
from model.images.heif import heif_formats
from model.images.jpeg_end import NO_END_MARK, is_unended, read_unended
from model.images.png_samples import grey_of_few_bits
from model.images.tiff_grey import decode_samples, grey_of_lab
from model.images.tiff_samples import sample_layout

_MOST_PIXELS = 400_000_000
# After decoding: as many pixels in three colours of 8 bits.
_MOST_BYTES = 3 * _MOST_PIXELS
# An image of one pixel's width takes a list of its rows that is larger than itself.
_MOST_SIDE_PX = 100_000
# Pixels of 16 and 32 bits are read to 32.
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I": 4, "F": 4}
_BYTES_OF_COLOURS = 3
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_UPRIGHT = 1
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "JPEG2000", "GIF")

# Quire has a limit of its own, with a clearer message; Pillow's warning would come first.
Image.MAX_IMAGE_PIXELS = None


class _TooLarge(ValueError):
    """The image is valid but has too many pixels."""


class _NeedsPackage(ValueError):
    """The image is of a kind that needs a package."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One image of a file, decoded.

    Attributes:
        grey: uint8 [height_px, width_px], in its EXIF orientation.
        orientation: Of the pixels as stored, 1 to 8 as in EXIF; 1 for upright.
        warnings: What was wrong with the file, in short words.
    """

    grey: np.ndarray
    orientation: int = _UPRIGHT
    warnings: tuple[str, ...] = ()


def decode_frame(file: BinaryIO, frame: int) -> Frame:
    """Decode one image of a file, and none of the others.

    Args:
        file: The file, open and seekable.
        frame: Its index among all images of the file, from 0.

    Returns:
        The image.

    Raises:
        ValueError: If there is no such image, or it does not decode or is too large.
    """
    with decoding():
        if tiff_tags.is_tiff(file) and (found := _from_samples(file, frame)):
            return found
        with _opened(file) as image:
            if frame:
                image.seek(frame)
            _check_bytes(image)
            # Pillow forgets it when it turns a TIFF.
            orientation = orientation_of(image)
            if image.format == "JPEG" and is_unended(file):
                return Frame(_to_grey(upright(_completed(file))), orientation, (NO_END_MARK,))
            image.load()
            is_white_zero = _is_white_zero(image)
            deep = grey_of_few_bits(file, image)
            if deep is not None:
                return Frame(_turned(deep, orientation), orientation)
            return Frame(_to_grey(upright(image), is_white_zero), orientation)


def is_for_pillow(file: BinaryIO) -> bool:
    """Return whether Pillow alone reads the first image of a file rightly, if it reads it at all.

    Args:
        file: The file, open and seekable; it is rewound.
    """
    if not tiff_tags.is_tiff(file):
        return True
    tags = next(tiff_tags.directories(file), None)
    file.seek(0)
    return tags is None or sample_layout(tags, _order(tags)) is None


def check_image(file: BinaryIO) -> None:
    """Check that a file is an image, without decoding it.

    Args:
        file: The file, open and seekable; it is rewound.

    Raises:
        ValueError: If it is none.
    """
    with decoding(), _opened(file):
        pass
    file.seek(0)


def stated_pixels(file: BinaryIO) -> int:
    """Return how many pixels a file says that its image has, without decoding it.

    Args:
        file: The file, open and seekable; it is rewound.

    Raises:
        ValueError: If it is no image; a PDF is none.
    """
    with decoding(), _opened(file) as image:
        pixels = image.width * image.height
    file.seek(0)
    return pixels


def check_size(width_px: float, height_px: float) -> None:
    """Check the size of an image before it is decompressed.

    Raises:
        ValueError: If it has more than 400 megapixels, or more than 100,000 pixels a side.
    """
    if width_px * height_px > _MOST_PIXELS:
        raise _TooLarge(f"image has {width_px:.0f} x {height_px:.0f} px; scale it down")
    if max(width_px, height_px) > _MOST_SIDE_PX:
        raise _TooLarge(
            f"image has {width_px:.0f} x {height_px:.0f} px, more than {_MOST_SIDE_PX:,} a side; "
            "scale it down or cut it into pages"
        )


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


def most_pixels() -> int:
    """Return the most pixels that an image may have."""
    return _MOST_PIXELS


@contextmanager
def decoding() -> Iterator[None]:
    """Turn the errors of Pillow over a bad file into a ValueError that says what to do."""
    try:
        yield
    except UnidentifiedImageError:
        kinds = ", ".join(_FORMATS)
        raise ValueError(f"image does not decode (none of {kinds}); replace the file") from None
    except (_TooLarge, _NeedsPackage):
        raise
    except MemoryError:
        raise _TooLarge("image takes more memory to decode than there is; scale it down") from None
    # Pillow fails on broken files in many ways: struct.error, ValueError, AttributeError.
    except Exception as error:
        raise ValueError(f"image does not decode ({error}); replace the file") from None


def _opened(file: BinaryIO) -> Image.Image:
    try:
        formats = heif_formats(file)
    except ValueError as error:
        raise _NeedsPackage(str(error)) from None
    return Image.open(file, formats=formats or _FORMATS)


def _check_bytes(image: Image.Image) -> None:
    """Check the size of an image that is opened, but not decompressed."""
    check_size(image.width, image.height)
    kind = "I" if image.mode.startswith("I") else image.mode
    each = _BYTES_PER_PIXEL.get(kind, _BYTES_OF_COLOURS)
    if image.width * image.height * each > _MOST_BYTES:
        raise _TooLarge(
            f"image has {image.width} x {image.height} px of 16 bits or more; save it with 8 bits"
        )


def _from_samples(file: BinaryIO, frame: int) -> Frame | None:
    """Decode an image of a TIFF whose samples Pillow does not read rightly."""
    tags = next(islice(tiff_tags.directories(file), frame, None), None)
    layout = None if tags is None else sample_layout(tags, _order(tags))
    file.seek(0)
    if layout is None:
        return None
    check_size(layout.width_px, layout.height_px)
    if layout.width_px * layout.height_px * layout.samples * layout.bits > 8 * _MOST_BYTES:
        raise _TooLarge(
            f"image has {layout.width_px} x {layout.height_px} px of "
            f"{layout.samples} x {layout.bits} bits; save it with 8 bits"
        )
    grey = decode_samples(file, tags, layout)
    orientation = _known(tags.get(tiff_tags.ORIENTATION))
    return Frame(_turned(grey, orientation), orientation)


def _order(tags: ImageFileDirectory_v2) -> str:
    return "<" if tags.prefix == b"II" else ">"


def _completed(file: BinaryIO) -> Image.Image:
    """Decode a JPEG without an end mark."""
    file.seek(0)
    image = read_unended(file.read())
    if image is None:
        raise OSError("image file is truncated: its data ends early")
    return image


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of an image, 1 to 8."""
    return _known(image.getexif().get(ExifTags.Base.Orientation))


def _known(orientation: object) -> int:
    return orientation if orientation in _TRANSPOSITIONS else _UPRIGHT


def upright(image: Image.Image) -> Image.Image:
    """Transpose an image to its EXIF orientation, as viewers show it.

    `ImageOps.exif_transpose` would also rewrite the EXIF data, which may contain odd tags.
    """
    method = _TRANSPOSITIONS.get(image.getexif().get(ExifTags.Base.Orientation))
    return image if method is None else image.transpose(method)


def _turned(grey: np.ndarray, orientation: int) -> np.ndarray:
    method = _TRANSPOSITIONS.get(orientation)
    return grey if method is None else np.array(Image.fromarray(grey).transpose(method))


def _is_white_zero(image: Image.Image) -> bool:
    """Whether Pillow leaves it to the reader that 0 is white: it turns up to 8 bits itself."""
    tags = getattr(image, "tag_v2", {})
    return _is_wide(image) and tags.get(tiff_tags.PHOTOMETRIC) == 0


def _is_wide(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _to_grey(image: Image.Image, is_white_zero: bool = False) -> np.ndarray:
    if _is_wide(image):
        return _wide_grey(image, is_white_zero)
    if image.mode == "LAB":
        return grey_of_lab(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return np.array(image if image.mode == "L" else image.convert("L"))


def _wide_grey(image: Image.Image, is_white_zero: bool) -> np.ndarray:
    """Scale 16 and 32 bits to 8, where Pillow would clip at 255."""
    wide = np.asarray(image)
    # Pillow's mode I is of 32 bits, where the file has 16.
    if wide.dtype.kind == "i" and wide.min(initial=0) >= 0 and wide.max(initial=0) < 1 << 16:
        wide = wide.astype(np.uint16)
    grey = to_bytes(wide, white_level(wide))
    if is_white_zero:
        grey = 255 - grey
    clear = image.info.get("transparency")
    with suppress(TypeError, ValueError):
        if clear is not None:
            grey[wide == int(clear)] = 255
    return grey
