"""HEIC and AVIF: photographs of phones, and the packages that decode them."""

from __future__ import annotations

from typing import BinaryIO

from PIL import features

_HEAD_BYTES = 64
_BOX = b"ftyp"
_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
# Of either kind, which is among the other brands that follow.
_GENERAL_BRANDS = (b"mif1", b"msf1")


def heif_formats(file: BinaryIO) -> tuple[str, ...]:
    """Return Pillow's name of a file's format, if it is HEIC or AVIF, ready to decode.

    Args:
        file: The file, open and seekable; it is rewound.

    Returns:
        One name; none where the file is neither.

    Raises:
        ValueError: If the package that decodes it is missing.

    Example:
        >>> import io
        >>> heif_formats(io.BytesIO(b"II*" + bytes(9)))
        ()
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if head[4:8] != _BOX:
        return ()
    brand, is_general = head[8:12], head[8:12] in _GENERAL_BRANDS
    if brand in _AVIF_BRANDS or (is_general and any(name in head for name in _AVIF_BRANDS)):
        if features.check("avif"):
            return ("AVIF",)
        raise ValueError(
            "image is AVIF, which this Pillow does not read; pip install 'pillow>=11.3', or save "
            "it as JPEG"
        )
    if brand not in _HEIC_BRANDS and not is_general:
        return ()
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise ValueError(
            "image is HEIC; pip install pillow-heif (the extra 'heic') on every worker, or save "
            "it as JPEG"
        ) from None
    # Its previews and depth maps are no pages.
    register_heif_opener(thumbnails=False)
    return ("HEIF",)
