"""Which image of a folder a name means, where no file has the very name."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable

from pipelines.formats.names import IMAGE_EXTENSIONS, split_extension
from pipelines.formats.source import Files

_SAME_ENDINGS = ((".jpg", ".jpeg", ".jpe", ".jfif"), (".tif", ".tiff"), (".jp2", ".jpx", ".j2k"))


def nearest_images(folders: Iterable[str], name: str, files: Files) -> list[str]:
    """Find the images whose names differ least from a name: in ending, case or Unicode form.

    Args:
        folders: Where to look.
        name: A file name, with or without an ending.
        files: Lists the folders.

    Returns:
        The images that differ least; several if they differ alike, none if there is none.
    """
    images = [uri for one in folders for uri in files.alike(one, name) if _is_image(uri)]
    least = min((_difference(uri, name) for uri in images), default=None)
    return [uri for uri in dict.fromkeys(images) if _difference(uri, name) == least]


def _difference(uri: str, name: str) -> tuple[bool, int]:
    (stem, ending), (named, wanted) = map(split_extension, (posixpath.basename(uri), name))
    stem, named = (unicodedata.normalize("NFC", one) for one in (stem, named))
    is_same = any(ending in group and wanted in group for group in _SAME_ENDINGS)
    return stem != named, 0 if ending == wanted else 1 if is_same else 2


def _is_image(uri: str) -> bool:
    return split_extension(uri)[1] in IMAGE_EXTENSIONS
