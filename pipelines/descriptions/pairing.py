"""Which files belong together: an image and its text, a page and its XML."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.formats.iam.files import is_companion
from pipelines.formats.names import (
    HOCR_EXTENSIONS,
    IMAGE_EXTENSIONS,
    MARKUP_EXTENSION,
    PAGED_EXTENSIONS,
    TEXT_EXTENSIONS,
    numbered_names,
    numbered_stems,
    split_extension,
    split_page_uri,
)
from pipelines.formats.sets.histdb import is_spare_image
from schemas.records import Failure, Skipped

# Folders beside the images in which tools keep their XML.
MARKUP_FOLDERS = ("page", "alto")
# Other common spellings; further ones in mixed case are found only when folders are listed.
_OTHER_FOLDERS = ("Page", "PAGE", "Alto", "ALTO")

# Files that hold many lines or pages each.
CONTAINER_EXTENSIONS = (".csv", ".tsv", ".parquet", ".arrow", ".tfrecord.gz", ".zip")
# Index files of IAM: text files that belong to no single image.
INDEX_NAMES = ("lines.txt", "words.txt")


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


@dataclass(frozen=True)
class ContainerFile:
    """A file of many lines or pages.

    Attributes:
        uri: The file.
    """

    uri: str


@dataclass(frozen=True)
class LoneImage:
    """An image without text or XML of the same name; another file may still describe it.

    Attributes:
        uri: The image.
    """

    uri: str


@dataclass(frozen=True)
class LoneText:
    """A text without an image of the same name; it may be a table of labels.

    Attributes:
        uri: The text.
    """

    uri: str


Source = MarkupFile | PairFiles | ContainerFile | LoneImage | LoneText | Failure | Skipped


def pairing_key(uri: str) -> str:
    """Return a key that a page's files share: the path without extension, in NFC.

    Example:
        >>> pairing_key("d/page/x.xml") == pairing_key("d/x.jpg") == "d/x"
        True
    """
    stem, extension = split_extension(unicodedata.normalize("NFC", uri))
    folder, name = posixpath.split(stem)
    if extension == MARKUP_EXTENSION and posixpath.basename(folder).lower() in MARKUP_FOLDERS:
        folder = posixpath.dirname(folder)
    return posixpath.join(folder, name)


def pair_files(uris: Iterable[str], use_markup: bool = True) -> list[Source]:
    """Decide how the files of one pairing key are read.

    Args:
        uris: Files with the same `pairing_key`.
        use_markup: Whether XML and container files are read; if not, they are skipped.

    Returns:
        Files to read, images and texts without a partner, and files to skip. XML takes
        precedence over text, and then describes the image.

    Example:
        >>> pair_files(["x.png", "x.gt.txt"])
        [PairFiles(image_uri='x.png', text_uri='x.gt.txt')]
    """
    files = sorted(set(uris))
    unpaired = [record for uri in files if (record := _unpaired(uri, use_markup))]
    kinds = {uri: split_extension(uri)[1] for uri in files if not _unpaired(uri, use_markup)}
    markup = [uri for uri in kinds if kinds[uri] == MARKUP_EXTENSION]
    images = [uri for uri in kinds if kinds[uri] in IMAGE_EXTENSIONS]
    texts = sorted(
        (uri for uri in kinds if kinds[uri] in TEXT_EXTENSIONS),
        key=lambda uri: TEXT_EXTENSIONS.index(kinds[uri]),
    )
    if markup and use_markup:
        return [*map(MarkupFile, markup), *unpaired]
    unpaired += [Skipped(uri, "--format pair does not read XML") for uri in markup]
    if images and texts:
        spare = [*images[1:], *texts[1:]]
        duplicates = [Skipped(uri, f"{images[0]} is paired already") for uri in spare]
        return [PairFiles(images[0], texts[0]), *duplicates, *unpaired]
    lone_texts = LoneText if use_markup else lone_text_failure
    return [*map(LoneImage, images), *map(lone_texts, texts), *unpaired]


def _unpaired(uri: str, use_markup: bool) -> ContainerFile | MarkupFile | Skipped | None:
    """Return the record of a file that is not paired with others; None for one that is."""
    name = posixpath.basename(uri).lower()
    if is_companion(name):
        return Skipped(uri, "belongs to an IAM index")
    if name.endswith(CONTAINER_EXTENSIONS) or name in INDEX_NAMES:
        if use_markup:
            return ContainerFile(uri)
        return Skipped(uri, "--format pair does not read tables")
    if is_spare_image(uri):
        return Skipped(uri, "its line images show the same")
    if split_extension(uri)[1] in HOCR_EXTENSIONS:
        return MarkupFile(uri) if use_markup else Skipped(uri, "--format pair does not read XML")
    if not split_extension(uri)[1]:
        return Skipped(uri, "format is not supported")
    return None


def lone_image_failure(uri: str, page_count: int = 1) -> Failure:
    """Make the failure of an image without text, with the cure.

    Args:
        uri: The image.
        page_count: Pages in the file.
    """
    name = posixpath.basename(split_extension(uri)[0])
    if page_count > 1:
        each = f"{name}.xml with a <Page> for each, or {name}_0001.xml and so on"
        return Failure(uri, "pair", f"no file describes any of its {page_count} pages; add {each}")
    error = f"image has no {name}.txt, {name}.gt.txt or {name}.xml beside it; add one"
    return Failure(uri, "pair", error)


def lone_text_failure(uri: str) -> Failure:
    """Make the failure of a text without an image, with the cure."""
    name = posixpath.basename(split_extension(uri)[0])
    return Failure(uri, "pair", f"text has no image {name}.png or similar; add it")


def image_candidates(markup_uri: str, image_name: str) -> list[str]:
    """List where the image of a page description may be, most probable first.

    Args:
        markup_uri: The XML file.
        image_name: The image as the XML names it; may be empty, or a path on another machine.

    Returns:
        Paths: the named file beside the XML or in the folder above, in both Unicode forms; then
        an image with the name of the XML; then a file of several pages, if the name of the XML
        is its name plus a page number.

    Example:
        >>> image_candidates("d/page/x.xml", "y.jpg")[:2]
        ['d/page/y.jpg', 'd/y.jpg']
        >>> image_candidates("d/x_0003.xml", "")[-3:]
        ['d/x.pdf', 'd/x.tif', 'd/x.tiff']
    """
    folders = _image_folders(markup_uri)
    base = posixpath.basename(image_name.replace("\\", "/"))
    names = [base] if base else []
    stem = posixpath.basename(split_extension(markup_uri)[0])
    names += [stem + extension for extension in IMAGE_EXTENSIONS]
    forms = [unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD")]
    unique = dict.fromkeys(names[:1] + forms)
    whole = [posixpath.join(place, name) for name in unique for place in folders]
    stems = [path for path, _ in numbered_readings(markup_uri)]
    numbered = (
        unicodedata.normalize(form, path) + extension
        for path in stems
        for extension in PAGED_EXTENSIONS
        for form in ("NFC", "NFD")
    )
    return list(dict.fromkeys([*whole, *numbered]))


def numbered_readings(markup_uri: str) -> list[tuple[str, int]]:
    """List the ways to read the name of a page description as a file name plus a page number.

    Args:
        markup_uri: The XML file.

    Returns:
        (path of the file of several pages, without extension; page number) for each way.

    Example:
        >>> numbered_readings("d/page/x_0003.xml")
        [('d/page/x', 3), ('d/x', 3)]
    """
    name = posixpath.basename(split_extension(markup_uri)[0])
    places = _image_folders(markup_uri)
    return [found for place in places for found in numbered_stems(posixpath.join(place, name))]


def _image_folders(markup_uri: str) -> list[str]:
    folder = posixpath.dirname(markup_uri)
    above = posixpath.basename(folder).lower() in MARKUP_FOLDERS
    return [folder, posixpath.dirname(folder)] if above else [folder]


def markup_candidates(image_uri: str) -> list[str]:
    """List where the page description of an image may be, most probable first.

    Args:
        image_uri: The image; for one page of several, with its number.

    Returns:
        Paths: XML files with the name of the image, in both Unicode forms, with and without
        its extension, beside it or in a folder for XML; for one page of several, then those
        with its number. Folders and extensions in capitals come last. Each path may cost a
        request to a store, so not all combinations are listed.

    Example:
        >>> markup_candidates("d/x.jpg")[:3]
        ['d/x.xml', 'd/page/x.xml', 'd/alto/x.xml']
        >>> markup_candidates("d/x.jpg")[3:6]
        ['d/x.jpg.xml', 'd/page/x.jpg.xml', 'd/alto/x.jpg.xml']
        >>> markup_candidates("d/x.jpg")[6:10]
        ['d/Page/x.xml', 'd/PAGE/x.xml', 'd/Alto/x.xml', 'd/ALTO/x.xml']
        >>> markup_candidates("d/x.jpg")[10:]
        ['d/x.XML', 'd/PAGE/x.XML', 'd/ALTO/x.XML']
        >>> markup_candidates("d/x.pdf#page=3")[6:9]
        ['d/x_3.xml', 'd/page/x_3.xml', 'd/alto/x_3.xml']
    """
    file_uri, number = split_page_uri(image_uri)
    stem = split_extension(file_uri)[0]
    whole, full = _unicode_forms(stem), _unicode_forms(file_uri)
    stems = [name for form in whole for name in numbered_names(form, number)] if number else []
    usual, other = ("", *MARKUP_FOLDERS), _OTHER_FOLDERS
    capital = MARKUP_EXTENSION.upper()
    return [
        *_beside([*whole, *full, *stems], usual, MARKUP_EXTENSION),
        *_beside([*whole, *stems], other, MARKUP_EXTENSION),
        *_beside(whole, ("", *(folder.upper() for folder in MARKUP_FOLDERS)), capital),
    ]


def _unicode_forms(stem: str) -> list[str]:
    """List a path with its file name unchanged, then in NFC and NFD where they differ."""
    folder, name = posixpath.split(stem)
    forms = (name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")))
    return [posixpath.join(folder, form) for form in dict.fromkeys(forms)]


def _beside(stems: Iterable[str], places: Iterable[str], extension: str) -> list[str]:
    return [
        posixpath.join(folder, place, name + extension)
        for folder, name in map(posixpath.split, stems)
        for place in places
    ]
