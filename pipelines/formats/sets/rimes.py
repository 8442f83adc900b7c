"""Read RIMES 2011: one XML file of letters, with the boxes and texts of their lines."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator

from lxml import etree

from pipelines.formats.boxes import corners_around
from pipelines.formats.source import Files, inside
from pipelines.formats.xml_tree import children, naming, parse_xml, to_number
from schemas.records import Failure, Line, Page

_LARGEST_BYTES = 1 << 27
_ROOT = re.compile(rb"<DocumentList\b")
_IMAGE_FOLDERS = ("", "images", "images_gray", "training_2011", "eval_2011")
_SIDES = ("Left", "Top", "Right", "Bottom")
# Where the transcribers could not decide: the first reading counts.
_CHOICE = re.compile("¤\\{([^¤/|]*)[/|][^¤]*\\}¤")
_SPLITS = {"train": "train", "valid": "eval", "eval": "test", "test": "test"}


def is_rimes(name: str, head: bytes) -> bool:
    """Return whether a file is the XML of RIMES 2011, by its name and first bytes."""
    return name.lower().endswith(".xml") and bool(_ROOT.search(head))


def read_rimes(uri: str, files: Files) -> Iterator[Page | Failure]:
    """Read the letters of a file.

    Args:
        uri: The file: `training_2011.xml` is train; `eval_2011_annotated.xml`, whose letters
            the competition was judged by, is test.
        files: Opens it and finds the images.

    Yields:
        A page for each letter, or a failure.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is not XML, or has no letter.
    """
    with files.open(uri) as file:
        data = file.read(_LARGEST_BYTES + 1)
    with naming(uri):
        if len(data) > _LARGEST_BYTES:
            raise ValueError(f"larger than {_LARGEST_BYTES >> 20} MB; split it")
        letters = list(children(parse_xml(data), "SinglePage"))
        if not letters:
            raise ValueError("no <SinglePage> in <DocumentList>; export it again")
    name = posixpath.basename(uri).lower()
    split = next((split for start, split in _SPLITS.items() if name.startswith(start)), "")
    for number, letter in enumerate(letters, 1):
        yield _page(letter, f"{uri}#{number}", split, uri, files)


def _page(letter: etree._Element, place: str, split: str, uri: str, files: Files) -> Page | Failure:
    named = letter.get("FileName", "")
    base = posixpath.basename(named.replace("\\", "/"))
    folder = posixpath.dirname(uri)
    try:
        places = [inside(folder, named)]
    except ValueError as error:
        return Failure(place, "read", str(error))
    places += [posixpath.join(folder, part, base) for part in _IMAGE_FOLDERS]
    image = files.first_existing(dict.fromkeys(places))
    if image is None:
        return Failure(place, "pair", f"image {named!r} is not in {folder or '.'}; put it there")
    nodes = list(letter.iter("{*}Line"))
    lines = tuple(_line(node, index) for index, node in enumerate(nodes))
    document = posixpath.splitext(base)[0]
    return Page(image, lines, source="rimes", document=document, split=split)


def _line(node: etree._Element, index: int) -> Line:
    name = f"line_{index + 1}"
    try:
        box = [max(to_number(node.get(side, ""), side), 0) for side in _SIDES]
    except ValueError as error:
        return Line(name, index, fault=str(error))
    return Line(name, index, line_text(node.get("Value", "")), polygon=corners_around([tuple(box)]))


def line_text(value: str) -> str:
    """Return the text of a line: entities that are escaped twice resolved, first readings chosen.

    Example:
        >>> line_text("l&amp;#39;an ¤{deux/douze}¤ ")
        "l'an deux"
    """
    text = html.unescape(html.unescape(value))
    return " ".join(_CHOICE.sub(r"\1", text).split())
