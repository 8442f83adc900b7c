"""Read the Bentham sets: line images, their transcriptions and lists of the splits; page images.

`Transcriptions/X.txt` is the text of `Images/Lines/X.png`; `Partitions/TrainLines.lst` and so on
name the lines of each split.
"""

from __future__ import annotations

import html
import posixpath
from collections.abc import Iterator
from functools import lru_cache

from pipelines.formats.pairs import read_pair
from pipelines.formats.source import Files
from pipelines.formats.text_lines import read_text_lines
from schemas.records import Line, Page

_TEXT_FOLDERS = ("transcriptions", "transcription")
_IMAGE_FOLDERS = ("Images/Lines", "Lines", "Images", "images/lines", "lines", "images")
_EXTENSIONS = (".png", ".jpg", ".tif")
_LISTS = {"TrainLines.lst": "train", "ValidationLines.lst": "eval", "TestLines.lst": "test"}
# Stands for ink that was not transcribed.
_GAP = "<gap/>"


def line_image_of(text_uri: str, files: Files) -> str | None:
    """Find the line image of a text in a folder of transcriptions.

    Args:
        text_uri: The text.
        files: Where to look.

    Returns:
        The image; None for a text in another folder, or one without image.

    Example:
        >>> from tests.pipelines.formats.memory_files import MemoryFiles
        >>> files = MemoryFiles({"b/Images/Lines/1.png": b""})
        >>> line_image_of("b/Transcriptions/1.txt", files)
        'b/Images/Lines/1.png'
    """
    folder, name = posixpath.split(text_uri)
    if posixpath.basename(folder).lower() not in _TEXT_FOLDERS:
        return None
    base, stem = posixpath.dirname(folder), name[: -len(".txt")]
    return files.first_existing(
        posixpath.join(base, place, stem + extension)
        for place in _IMAGE_FOLDERS
        for extension in _EXTENSIONS
    )


def page_image_of(markup_uri: str, image_name: str, files: Files) -> str | None:
    """Find the page image of a file in the folder PAGE, which lies in Images/Pages.

    Args:
        markup_uri: The PAGE file.
        image_name: The image as it names it.
        files: Where to look.

    Returns:
        The image; None for a file in another folder, or one without image.
    """
    folder = posixpath.dirname(markup_uri)
    if posixpath.basename(folder).lower() != "page":
        return None
    base, name = posixpath.dirname(folder), posixpath.basename(image_name.replace("\\", "/"))
    return files.first_existing([posixpath.join(base, "Images", "Pages", name)]) if name else None


def read_bentham(text_uri: str, text: bytes, image_uri: str, files: Files) -> Page:
    """Make a page of one line from a line image and its text.

    Args:
        text_uri: The text.
        text: Its content, in which '&' and so on are escaped as in XML.
        image_uri: The image.
        files: Finds the lists of the splits.

    Raises:
        ValueError: If the text is not UTF-8, is empty, has several lines or a gap.
    """
    page = read_pair(text, image_uri)
    (line,) = page.lines
    plain = html.unescape(line.text)
    if _GAP in plain:
        raise ValueError(f"text has a {_GAP}, so not all of the line; complete or remove it")
    name = posixpath.basename(image_uri).rpartition(".")[0]
    base = posixpath.dirname(posixpath.dirname(text_uri))
    return Page(
        image_uri,
        (Line(name, 0, plain),),
        source="bentham",
        document=name.rsplit("_", 2)[0],
        split=_splits(base, files).get(name, ""),
    )


# Each text asks for them.
@lru_cache(maxsize=4)
def _splits(base: str, files: Files) -> dict[str, str]:
    return dict(_listed(base, files))


def _listed(base: str, files: Files) -> Iterator[tuple[str, str]]:
    for name, split in _LISTS.items():
        found = files.first_existing([posixpath.join(base, "Partitions", name)])
        if found:
            with files.open(found) as file:
                for line in read_text_lines(file):
                    yield line.text.strip().removesuffix(".png"), split
