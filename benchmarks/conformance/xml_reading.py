"""Pages and lines of PAGE and ALTO files, read with lxml and nothing of Quire's.

It is meant to be short and plain, so that a difference from ingest is easy to judge.
"""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree
from PIL import Image

_IMAGE_ENDINGS = ".bmp .gif .j2k .jfif .jp2 .jpe .jpeg .jpg .jpx .pdf .png .tif .tiff .webp"
_ENDINGS = tuple(_IMAGE_ENDINGS.split())
# Folders of XML and of images lie beside or below each other.
_PLACES = ("..", ".", "images", "../images")


@dataclass(frozen=True)
class Described:
    """One file that describes pages.

    Attributes:
        path: The XML file.
        image: Its image file; empty where there is none.
        opens: Whether Pillow opens the image.
        texts: The text of each line, normalised; empty for a line without.
        fault: Why the file cannot be parsed; empty if it can.
    """

    path: str
    image: str = ""
    opens: bool = False
    texts: tuple[str, ...] = ()
    fault: str = ""


def read_corpus(folder: str) -> Iterator[Described]:
    """Yield the PAGE and ALTO files of a folder and the folders in it."""
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            if name.lower().endswith(".xml") and not name.startswith("."):
                described = _read(os.path.join(place, name))
                if described:
                    yield described


def _read(path: str) -> Described | None:
    """Read a file; None if it is XML of another kind."""
    try:
        root = etree.parse(path).getroot()
    except etree.XMLSyntaxError as error:
        return Described(path, fault=str(error))
    kind = etree.QName(root).localname
    if kind == "PcGts":
        names = root.xpath("//*[local-name()='Page']/@imageFilename")
        line_text = _text_of_page_xml
    elif kind == "alto":
        names = [node.text for node in root.xpath("//*[local-name()='fileName']")]
        line_text = _text_of_alto
    else:
        return None
    lines = root.xpath("//*[local-name()='TextLine']")
    image = find_image(path, (names[0] if names else "") or "")
    texts = tuple(normalised(line_text(line)) for line in lines)
    return Described(path, image, bool(image) and _opens(image), texts)


def _text_of_page_xml(line: etree._Element) -> str:
    """Return the text of a line, or else the texts of its words."""
    versions = line.xpath("*[local-name()='TextEquiv']")
    # The version of the lowest index; those without an index come last.
    versions.sort(key=lambda version: int(version.get("index", 1 << 30)))
    for version in versions:
        text = "".join(version.xpath("string(*[local-name()='Unicode'])"))
        if text.strip():
            return text
    words = line.xpath("*[local-name()='Word']")
    return " ".join(filter(str.strip, map(_text_of_page_xml, words)))


def _text_of_alto(line: etree._Element) -> str:
    """Return the strings of a line, and its hyphen if the last string has none."""
    text = " ".join(line.xpath("*[local-name()='String']/@CONTENT"))
    hyphen = "".join(line.xpath("*[local-name()='HYP']/@CONTENT"))
    return text if text.endswith(hyphen) else text + hyphen


def normalised(text: str) -> str:
    r"""Return a text in NFC, without invisible characters, each space a single blank.

    Example:
        >>> normalised(" le\u200b  soir ")
        'le soir'
    """
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", seen)).strip()


def find_image(path: str, name: str) -> str:
    """Return the image of a description, by the name in it or else by its own; empty for none."""
    base = os.path.basename(unquote(name).replace("\\", "/")).split("#page=")[0]
    for wanted in filter(None, (base, os.path.basename(path))):
        for place in _PLACES:
            folder = os.path.normpath(os.path.join(os.path.dirname(path), place))
            found = [
                one
                for one in (sorted(os.listdir(folder)) if os.path.isdir(folder) else ())
                if one.lower().endswith(_ENDINGS) and _stem(one) == _stem(wanted)
            ]
            if found:
                # The very name if it is there.
                return os.path.join(folder, wanted if wanted in found else found[0])
    return ""


def _stem(name: str) -> str:
    return os.path.splitext(unicodedata.normalize("NFC", name))[0].casefold()


def _opens(image: str) -> bool:
    if image.lower().endswith(".pdf"):
        return True
    try:
        # Pillow warns of images of 90 megapixels and more, as archives have them.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            Image.open(image).close()
    except (OSError, Image.DecompressionBombError):
        return False
    return True
