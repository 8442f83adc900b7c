"""What the exports of a page call its image, and which page of its document it is."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

from pipelines.formats.addresses import is_address
from pipelines.formats.names import IMAGE_EXTENSIONS, split_extension, split_page_uri

# What a IIIF service calls every image that it sends.
_SERVICE_NAME = re.compile(r"(default|native|color|gray|bitonal)\.\w+")
# Region, size, rotation and quality at the end of the address of an image of such a service.
_SERVICE_PARTS = 4
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')


def image_name(uri: str, address: str = "") -> str:
    """Return the file name of the image of a page, as programs that read an export look for it.

    Args:
        uri: The page: a file, a page of one, or the canvas of a manifest.
        address: Where the image is; empty if that is `uri`.

    Returns:
        A file name. That of a page of a PDF or TIFF is that of the file; a IIIF service gives
        all images one name, so theirs is the identifier of the image.

    Example:
        >>> image_name("d/two.pdf#page=2"), image_name("https://a.org/p1.jpg?x=1")
        ('two.pdf', 'p1.jpg')
        >>> image_name("https://a.org/m/canvas/3", "https://a.org/i/f%2F12/full/1200,/0/default.jpg")
        'f_12.jpg'
        >>> image_name("https://a.org/m/canvas/3")
        '3.jpg'
    """
    if not is_address(uri):
        return posixpath.basename(split_page_uri(uri)[0])
    for one in (address, uri):
        parts = [part for part in urlsplit(one).path.split("/") if part] if is_address(one) else []
        if not parts:
            continue
        if _SERVICE_NAME.fullmatch(parts[-1]) and len(parts) > _SERVICE_PARTS:
            return f"{_file_name(split_extension(parts[-1 - _SERVICE_PARTS])[0])}.jpg"
        if split_extension(parts[-1])[1] in IMAGE_EXTENSIONS:
            return _file_name(parts[-1])
    last = urlsplit(uri).path.rstrip("/").rpartition("/")[2] or urlsplit(uri).netloc
    return f"{_file_name(last)}.jpg"


def _file_name(part: str) -> str:
    return _NOT_IN_NAMES.sub("_", unquote(part))
