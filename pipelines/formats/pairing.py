"""Which files belong together: an image and its text, a page and its XML."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.records import Failure, Skipped

IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".jp2")
MARKUP_EXTENSION = ".xml"
TEXT_EXTENSIONS = (".gt.txt", ".txt")
# Folders beneath the images in which tools keep their XML.
MARKUP_FOLDERS = ("page", "alto")


@dataclass(frozen=True)
class MarkupFile:
    """A page description that names its image.

    Attributes:
        uri: The XML file.
    """

    uri: str


@dataclass(frozen=True)
class PairFiles:
    """A line image and its text.

    Attributes:
        image_uri: The image.
        text_uri: The text.
    """

    image_uri: str
    text_uri: str


def split_extension(uri: str) -> tuple[str, str]:
    """Split a known extension, in lower case, off a path; empty for an unknown one.

    Example:
        >>> split_extension("a/b.gt.txt"), split_extension("a/b.JPG"), split_extension("a/b.md")
        (('a/b', '.gt.txt'), ('a/b', '.jpg'), ('a/b.md', ''))
    """
    for extension in (*TEXT_EXTENSIONS, MARKUP_EXTENSION, *IMAGE_EXTENSIONS):
        if uri.lower().endswith(extension):
            return uri[: -len(extension)], extension
    return uri, ""


def pairing_key(uri: str) -> str:
    """Name the page that a file belongs to: its path without extension, NFC.

    Example:
        >>> pairing_key("d/page/x.xml") == pairing_key("d/x.jpg") == "d/x"
        True
    """
    stem, extension = split_extension(unicodedata.normalize("NFC", uri))
    folder, name = posixpath.split(stem)
    if extension == MARKUP_EXTENSION and posixpath.basename(folder).lower() in MARKUP_FOLDERS:
        folder = posixpath.dirname(folder)
    return posixpath.join(folder, name)


def pair_files(
    uris: Iterable[str], use_markup: bool = True
) -> list[MarkupFile | PairFiles | Failure | Skipped]:
    """Sort out the files of one pairing key.

    Args:
        uris: Files whose `pairing_key` is the same.
        use_markup: Whether XML files describe pages; if not, they are left out.

    Returns:
        What is to be read, what is missing its other half, and what is left out. XML goes
        before text, and takes the image with it.

    Example:
        >>> pair_files(["x.png", "x.gt.txt"])
        [PairFiles(image_uri='x.png', text_uri='x.gt.txt')]
    """
    files = sorted(uris)
    kinds = {uri: split_extension(uri)[1] for uri in files}
    markup = [uri for uri in files if kinds[uri] == MARKUP_EXTENSION]
    images = [uri for uri in files if kinds[uri] in IMAGE_EXTENSIONS]
    texts = sorted(
        (uri for uri in files if kinds[uri] in TEXT_EXTENSIONS),
        key=lambda uri: TEXT_EXTENSIONS.index(kinds[uri]),
    )
    others = [Skipped(uri, "neither image, text nor XML") for uri in files if not kinds[uri]]
    if not use_markup:
        others += [Skipped(uri, "--format pair leaves XML out") for uri in markup]
    elif markup:
        return [*map(MarkupFile, markup), *others]
    if images and texts:
        spare = [*images[1:], *texts[1:]]
        doubles = [Skipped(uri, f"{images[0]} is paired already") for uri in spare]
        return [PairFiles(images[0], texts[0]), *doubles, *others]
    lone_images = [Failure(u, "pair", _no_text(u)) for u in images]
    lone_texts = [Failure(u, "pair", _no_image(u)) for u in texts]
    return [*lone_images, *lone_texts, *others]


def _no_text(uri: str) -> str:
    name = posixpath.basename(split_extension(uri)[0])
    return f"image has no {name}.txt, {name}.gt.txt or {name}.xml beside it; add one"


def _no_image(uri: str) -> str:
    return (
        f"text has no image {posixpath.basename(split_extension(uri)[0])}.png or the like; add it"
    )


def image_candidates(markup_uri: str, image_name: str) -> list[str]:
    """List where the image of a page description may be, likeliest first.

    Args:
        markup_uri: The XML file.
        image_name: The image as the XML names it; may be empty or a path of elsewhere.

    Returns:
        Paths: the named file beside the XML or above it, in both Unicode forms, then
        an image with the name of the XML.

    Example:
        >>> image_candidates("d/page/x.xml", "y.jpg")[:2]
        ['d/page/y.jpg', 'd/y.jpg']
    """
    folder = posixpath.dirname(markup_uri)
    folders = [folder]
    if posixpath.basename(folder).lower() in MARKUP_FOLDERS:
        folders.append(posixpath.dirname(folder))
    base = posixpath.basename(image_name.replace("\\", "/"))
    names = [base] if base else []
    stem = posixpath.basename(split_extension(markup_uri)[0])
    names += [stem + extension for extension in IMAGE_EXTENSIONS]
    forms = [unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD")]
    unique = dict.fromkeys(names[:1] + forms)
    return [posixpath.join(place, name) for name in unique for place in folders]


def markup_candidates(image_uri: str) -> list[str]:
    """List where the page description of an image may be, likeliest first.

    Example:
        >>> markup_candidates("d/x.jpg")
        ['d/x.xml', 'd/page/x.xml', 'd/alto/x.xml']
    """
    folder, name = posixpath.split(split_extension(image_uri)[0])
    return [
        posixpath.join(folder, place, name + MARKUP_EXTENSION) for place in ("", *MARKUP_FOLDERS)
    ]
