"""What tables of line images share: column names, image paths, split names, embedded images."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable

from model.dataset.splits import official_split
from pipelines.formats.names import IMAGE_EXTENSIONS, split_extension
from pipelines.formats.source import Files, inside
from schemas.records import Failure, Line, Page

# Names of columns, most probable first.
IMAGE_COLUMNS = (
    "image_path",
    "img_path",
    "file_path",
    "filepath",
    "path",
    "file_name",
    "filename",
    "image_name",
    "image_filename",
    "image_file",
    "file",
    "image",
    "img",
    "im",
)
TEXT_COLUMNS = (
    "text",
    "transcription",
    "transcript",
    "ground_truth",
    "gt",
    "sentence",
    "identity",
    "label",
    "labels",
)
SPLIT_COLUMNS = ("split", "subset", "partition", "set")
WRITER_COLUMNS = ("writer", "writer_id", "hand", "scribe")
DOCUMENT_COLUMNS = ("document", "document_id", "doc")
# Folders beside a table in which its images may be.
_IMAGE_FOLDERS = ("images",)


def find_column(found: Iterable[str], names: Iterable[str]) -> int | None:
    """Find the column with the first matching name.

    Args:
        found: The columns of a table; case, blanks and hyphens do not matter.
        names: Possible names, in order of preference.

    Returns:
        The position of the column; None where none has any of the names.

    Example:
        >>> find_column(["FILENAME", "File Name", "IDENTITY"], IMAGE_COLUMNS)
        1
    """
    keys = [_key(column) for column in found]
    return next((keys.index(_key(name)) for name in names if _key(name) in keys), None)


def _key(column: str) -> str:
    return re.sub(r"[\s-]+", "_", column.strip().casefold())


def find_image(table_uri: str, name: str, files: Files) -> str | None:
    """Find the image that a table names.

    It may be beside the table, in a folder 'images' there, or in a folder with the name of the
    table; its name may be in either Unicode form, and without extension.

    Args:
        table_uri: The table.
        name: The image as the table names it.
        files: Where to look.

    Returns:
        The path; None where there is no such file.

    Raises:
        ValueError: If the name is empty or leads out of the table's folder.
    """
    if posixpath.normpath(name.strip().replace("\\", "/")) == ".":
        raise ValueError("row names no image; name one or remove the row")
    folder = posixpath.dirname(table_uri)
    if folder and name.startswith(folder + "/"):
        name = name[len(folder) + 1 :]
    inside(folder, name)
    known = split_extension(name)[1] in IMAGE_EXTENSIONS
    names = [name] if known else [name, *(name + extension for extension in IMAGE_EXTENSIONS)]
    forms = [unicodedata.normalize(form, each) for each in names for form in ("NFC", "NFD")]
    places = ("", *_IMAGE_FOLDERS, posixpath.basename(table_uri).split(".")[0])
    return files.first_existing(
        inside(folder, posixpath.join(place, form))
        for form in dict.fromkeys([name, *forms])
        for place in places
    )


def named_split(name: str) -> str:
    """Return the split named in a field or file name of a table; empty where there is none.

    Example:
        >>> named_split("validation1"), named_split("d/train-00000-of-00002.parquet")
        ('eval', 'train')
        >>> named_split("val_list.txt"), named_split("train_and_test.csv")
        ('eval', '')
    """
    words = re.split(r"[^a-z]+", posixpath.basename(name).lower())
    splits = {split for word in words if (split := official_split(f"{word}/"))}
    return splits.pop() if len(splits) == 1 else ""


def embedded_page(
    place: str, image: bytes | None, text: str | None, source: str, split: str
) -> Page | Failure:
    """Make a page from a row that holds a line image and its text.

    Args:
        place: The table, '#' and the row.
        image: The bytes of the image file; None for none.
        text: The text; None for none. An empty text is kept.
        source: Name of the format.
        split: Official split; empty where there is none.

    Returns:
        The page, or the failure of a row without image or text.
    """
    missing = "image" if not image else "text" if text is None else ""
    if missing:
        return Failure(place, "read", f"row has no {missing}; add it or remove the row")
    return Page(place, (Line("line", 0, text),), source=source, split=split, image=image)
