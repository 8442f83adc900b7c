"""The image file that a row of a table names."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from pipelines.formats.alike import nearest_images
from pipelines.formats.names import (
    IMAGE_EXTENSIONS,
    page_uri,
    split_extension,
    split_page_uri,
)
from pipelines.formats.source import Files, inside

# Folders beside a table in which its images may be.
_IMAGE_FOLDERS = ("images",)


def find_image(table_uri: str, name: str, files: Files) -> str | None:
    """Find the image that a table names.

    It may be beside the table, in a folder 'images' there, or in a folder with the name of the
    table. Its name may be in either Unicode form, with %20 for a blank, without extension, or with
    the extension of another kind of image or in another case, as in descriptions of pages; and it
    may end in '#page=3' for one page of a PDF or TIFF.

    Args:
        table_uri: The table.
        name: The image as the table names it.
        files: Where to look.

    Returns:
        The path, with the page as the table names it; None where there is no such file.

    Raises:
        ValueError: If the name is empty, leads out of the table's folder, or fits several files.
    """
    if posixpath.normpath(name.strip().replace("\\", "/")) == ".":
        raise ValueError("row names no image; name one or remove the row")
    folder = posixpath.dirname(table_uri)
    if folder and name.startswith(folder + "/"):
        name = name[len(folder) + 1 :]
    inside(folder, name)
    file_name, number = split_page_uri(name)
    found = _find_file(table_uri, file_name, files)
    return page_uri(found, number) if found and number else found


def is_image_name(name: str) -> bool:
    """Return whether a field is the name of an image, by its extension.

    Example:
        >>> is_image_name("lines/1.PNG"), is_image_name("s.tif#page=2"), is_image_name("Audience")
        (True, True, False)
    """
    return split_extension(split_page_uri(name.strip())[0])[1] in IMAGE_EXTENSIONS


def _find_file(table_uri: str, name: str, files: Files) -> str | None:
    named = list(dict.fromkeys([name, name.strip(), unquote(name.strip())]))
    exact = files.first_existing(_places(table_uri, named))
    if exact:
        return exact
    for each in named:
        folders = map(posixpath.dirname, _places(table_uri, [each]))
        nearest = nearest_images(dict.fromkeys(folders), posixpath.basename(each), files)
        if len(nearest) > 1:
            first, second, *_ = nearest
            raise ValueError(
                f"image {name!r} may be {first} or {second}; name it with its extension, or "
                "remove one"
            )
        if nearest:
            return nearest[0]
    # A folder of very many files is not listed. What a camera writes is IMG_0001.JPG.
    endings = [*IMAGE_EXTENSIONS, *map(str.upper, IMAGE_EXTENSIONS)]
    return files.first_existing(
        _places(table_uri, [_stem(each) + ending for each in named for ending in endings])
    )


def _stem(name: str) -> str:
    stem, extension = split_extension(name)
    return stem if extension in IMAGE_EXTENSIONS else name


def _places(table_uri: str, names: list[str]) -> Iterator[str]:
    """List where files of some names may be, those of the first names first."""
    folder = posixpath.dirname(table_uri)
    places = ("", *_IMAGE_FOLDERS, posixpath.basename(table_uri).split(".")[0])
    forms = [unicodedata.normalize(form, each) for each in names for form in ("NFC", "NFD")]
    for form in dict.fromkeys([*names[:1], *forms]):
        for place in places:
            try:
                yield inside(folder, posixpath.join(place, form))
            except ValueError:
                # Only a decoded name can lead out; the one that is written was checked.
                continue
