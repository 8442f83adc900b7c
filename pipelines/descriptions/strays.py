"""Files that lie in folders of pages and are no pages, by their names and neighbours."""

from __future__ import annotations

import posixpath

from pipelines.formats.names import (
    IMAGE_EXTENSIONS,
    MARKUP_EXTENSION,
    MARKUP_FOLDERS,
    split_derived,
    split_extension,
)
from pipelines.formats.source import Files


def is_mask(uri: str, files: Files) -> bool:
    """Return whether an image in a folder for XML is a mask of the page above that folder.

    Loghi writes `page/x.png`, the baselines it found, beside `page/x.xml`; the page is `x.png` or
    `x.jpg` in the folder above.

    Args:
        uri: The image.
        files: Where its neighbours are.
    """
    folder, name = posixpath.split(uri)
    if posixpath.basename(folder).lower() not in MARKUP_FOLDERS or not _is_image(name):
        return False
    beside = files.alike(folder, name)
    has_markup = any(split_extension(one)[1] == MARKUP_EXTENSION for one in beside)
    return has_markup and any(map(_is_image, files.alike(posixpath.dirname(folder), name)))


def is_spare_version(uri: str, files: Files) -> bool:
    """Return whether an image is a version made of another that has a description beside it.

    Args:
        uri: The image, such as `x.bin.png` beside `x.png` and `x.xml`.
        files: Where its neighbours are.
    """
    stem, derived = split_derived(split_extension(uri)[0])
    if not derived or not _is_image(uri):
        return False
    folder, name = posixpath.split(stem)
    markup = [
        posixpath.join(folder, place, name + MARKUP_EXTENSION) for place in ("", *MARKUP_FOLDERS)
    ]
    return files.first_existing(markup) is not None


def _is_image(uri: str) -> bool:
    return split_extension(uri)[1] in IMAGE_EXTENSIONS
