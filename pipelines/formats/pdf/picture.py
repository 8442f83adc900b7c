"""The picture of a page as PDF embeds it: a JPEG as it is, or black and white in CCITT G4."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from model.geometry.orientation import UPRIGHT, swaps_sides, to_shown
from pipelines.formats.pdf.objects import PdfObjects, number_text, numbers_text

_JPEG_QUALITY = 88
_COLOUR_SPACES = {"L": b"/DeviceGray", "RGB": b"/DeviceRGB"}
# TIFF tags (TIFF 6.0): where the data are, how many rows they have, what 0 stands for.
_STRIP_OFFSETS, _STRIP_BYTES, _ROWS_PER_STRIP, _PHOTOMETRIC = 273, 279, 278, 262
_BLACK_IS_ZERO = 1


@dataclass(frozen=True)
class Picture:
    """The picture of a page, encoded.

    Attributes:
        data: A JPEG, or data of CCITT Group 4.
        width_px: Width of the pixels as stored.
        height_px: Height of the pixels as stored.
        mode: 'L', 'RGB', or '1' for CCITT.
        orientation: Of the pixels as stored, 1 to 8 as in EXIF.
    """

    data: bytes
    width_px: int
    height_px: int
    mode: str
    orientation: int = UPRIGHT

    @property
    def shown_px(self) -> tuple[int, int]:
        """Width and height as shown."""
        size = self.width_px, self.height_px
        return size[::-1] if swaps_sides(self.orientation) else size

    @property
    def entries(self) -> bytes:
        """Entries of the dictionary of the image."""
        size = b"/Type/XObject/Subtype/Image/Width %d/Height %d" % (self.width_px, self.height_px)
        if self.mode != "1":
            space = _COLOUR_SPACES[self.mode]
            return size + b"/BitsPerComponent 8/ColorSpace%b/Filter/DCTDecode" % space
        parameters = b"/K -1/Columns %d/Rows %d/BlackIs1 true" % (self.width_px, self.height_px)
        return (
            size + b"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode"
            b"/DecodeParms<<%b>>" % parameters
        )

    def add_to(self, objects: PdfObjects) -> int:
        """Write the image; return the number of the object."""
        return objects.add_stream(self.entries, self.data, is_packed=True)

    def placed(self, width: float, height: float) -> bytes:
        """Return the operators that draw it, named /I, over a page.

        Args:
            width: Width of the page in points.
            height: Height of the page in points.
        """
        # The lower left, lower right and upper left corner of the stored pixels.
        corners = to_shown([(0, 1), (1, 1), (0, 0)], self.orientation, 1, 1)
        (x, y), right, up = ((x * width, (1 - y) * height) for x, y in corners)
        matrix = (right[0] - x, right[1] - y, up[0] - x, up[1] - y, x, y)
        return b"q %b cm /I Do Q\n" % numbers_text(*matrix)


def picture_of_jpeg(data: bytes, orientation: int = UPRIGHT) -> Picture:
    """Return a JPEG as a picture; its data are not changed.

    Raises:
        ValueError: If it is no grey or RGB JPEG.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            size, mode = image.size, image.mode
    except (UnidentifiedImageError, OSError):
        raise ValueError("picture is not a JPEG; save the image again") from None
    if mode not in _COLOUR_SPACES:
        raise ValueError(f"picture is a JPEG of mode {mode}; save it in grey or RGB")
    return Picture(data, *size, mode, orientation)


def picture_of_pixels(pixels: np.ndarray) -> Picture:
    """Encode pixels: black and white without loss, all else as a JPEG.

    Args:
        pixels: uint8 [height_px, width_px] or [height_px, width_px, 3].

    Example:
        >>> picture_of_pixels(np.full((8, 8), 255, np.uint8)).mode
        '1'
        >>> picture_of_pixels(np.full((8, 8, 3), 200, np.uint8)).mode
        'L'
    """
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    if pixels.ndim == 2 and ((pixels == 0) | (pixels == 255)).all():
        return _bilevel(Image.fromarray(pixels))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_JPEG_QUALITY)
    return picture_of_jpeg(file.getvalue())


def _bilevel(image: Image.Image) -> Picture:
    tags = ImageFileDirectory_v2()
    tags[_ROWS_PER_STRIP] = image.height
    file = io.BytesIO()
    bilevel = image.convert("1", dither=Image.Dither.NONE)
    bilevel.save(file, "TIFF", compression="group4", tiffinfo=tags)
    with Image.open(file) as written:
        (offset,), (length,) = (written.tag_v2[tag] for tag in (_STRIP_OFFSETS, _STRIP_BYTES))
        if written.tag_v2[_PHOTOMETRIC] != _BLACK_IS_ZERO:
            raise ValueError("Pillow wrote black as 1; use another version of it")
    return Picture(file.getvalue()[offset : offset + length], *image.size, "1")


def media_box(width: float, height: float) -> bytes:
    """Return the box of a page.

    Example:
        >>> media_box(72, 36.5)
        b'/MediaBox[0 0 72 36.5]'
    """
    return b"/MediaBox[0 0 %b %b]" % (number_text(width), number_text(height))
