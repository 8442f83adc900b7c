"""Page images: decode, orient, even out the background."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

_MOST_PIXELS = 400_000_000
_BACKGROUND_SCALE = 4
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "JPEG2000")

# Quire has a limit of its own, with a clear message; Pillow's would come first as a warning.
Image.MAX_IMAGE_PIXELS = None


def decode_image(data: bytes) -> np.ndarray:
    """Decode an image file to grey, turned as its EXIF orientation says.

    Args:
        data: The bytes of a JPEG, PNG, TIFF, BMP, WebP or JPEG 2000 file.

    Returns:
        uint8 [height_px, width_px], as the file has it: paper light.

    Raises:
        ValueError: If it is cut off, no such image, or larger than 400 megapixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError(f"image has {image.width} x {image.height} px; scale it down")
            image.load()
            return _to_grey(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        kinds = ", ".join(_FORMATS)
        raise ValueError(f"image does not decode (none of {kinds}); replace the file") from None
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"image does not decode ({error}); replace the file") from None


def _to_grey(image: Image.Image) -> np.ndarray:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    if image.mode.startswith("I") or image.mode == "F":
        # 16 and 32 bits: Pillow would clip at 255.
        wide = np.asarray(image, np.float32)
        full = 65535.0 if wide.max() > 255 else 255.0
        return np.clip(wide * (255.0 / full), 0, 255).astype(np.uint8)
    return np.array(image.convert("L"))


def even_background(grey: np.ndarray) -> np.ndarray:
    """Divide an image by its background, so that paper is 255 everywhere.

    The background is what is left when strokes are closed over (9 px at quarter scale),
    medianed and blurred.

    Args:
        grey: uint8 [height_px, width_px], paper light.

    Returns:
        uint8 of the same shape, paper 255, ink towards 0.
    """
    height, width = grey.shape
    small_size = (max(1, width // _BACKGROUND_SCALE), max(1, height // _BACKGROUND_SCALE))
    small = cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA)
    small = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    small = cv2.GaussianBlur(cv2.medianBlur(small, 15), (0, 0), 5)
    background = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(grey, np.maximum(background, 1), scale=255)
