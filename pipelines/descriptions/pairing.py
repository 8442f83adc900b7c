"""Which files belong together: an image and its text, a page and its XML."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.formats.iam.files import is_companion
from pipelines.formats.names import (
    DERIVED_ENDINGS,
    HOCR_EXTENSIONS,
    IMAGE_EXTENSIONS,
    MARKUP_EXTENSION,
    MARKUP_FOLDERS,
    TEXT_EXTENSIONS,
    numbered_names,
    numbered_stems,
    page_name,
    page_stem,
    split_derived,
    split_extension,
    split_page_uri,
)
from pipelines.formats.sets.histdb import is_spare_image
from pipelines.formats.system_files import is_stray
from pipelines.formats.tables.corrections import CORRECTIONS_FILE
from schemas.records import Failure, Skipped

# Why a file that is no page is left out.
STRAY = "belongs to an operating system or file server"
# Other common spellings of folders for XML; those in mixed case are found only when listed.
_OTHER_FOLDERS = ("Page", "PAGE", "Alto", "ALTO")

# Files that hold many lines or pages each.
CONTAINER_EXTENSIONS = (".csv", ".tsv", ".parquet", ".arrow", ".tfrecord.gz", ".zip")
# Index files of IAM: text files that belong to no single image.
INDEX_NAMES = ("lines.txt", "words.txt", CORRECTIONS_FILE)


@dataclass(frozen=True)
class MarkupFile:
    """A page description that names its image.

    Attributes:
        uri: The XML file.
        image_uris: Images that have no description but this one, by their names.
    """

    uri: str
    image_uris: tuple[str, ...] = ()


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
        >>> pairing_key("d/page/x.xml") == pairing_key("d/x.jpg") == pairing_key("d/x.bin.png")
        True
    """
    return split_derived(exact_key(uri))[0]


def exact_key(uri: str) -> str:
    """Return the key of a file that versions of an image (`x.bin.png`) do not share.

    Example:
        >>> exact_key("d/page/x.xml"), exact_key("d/x.bin.png")
        ('d/x', 'd/x.bin')
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
    groups: dict[str, list[str]] = {}
    for uri in sorted(set(uris)):
        groups.setdefault(exact_key(uri), []).append(uri)
    records = [record for files in groups.values() for record in _pair_exactly(files, use_markup)]
    records = _with_versions(records) if len(groups) > 1 else records
    if use_markup:
        return records
    return [lone_text_failure(one.uri) if isinstance(one, LoneText) else one for one in records]


def _with_versions(records: list[Source]) -> list[Source]:
    """Pair a text with a version of its image, where it has no image of its very name."""
    versions = sorted(
        (record for record in records if isinstance(record, LoneImage) and _version(record)),
        key=lambda record: DERIVED_ENDINGS.index(_version(record)),
    )
    paired = next((one.image_uri for one in records if isinstance(one, PairFiles)), "")
    texts = [record for record in records if isinstance(record, LoneText)]
    if not versions or not (paired or texts):
        return records
    pairs = [] if paired else [PairFiles(versions[0].uri, texts[0].uri)]
    paired = paired or versions[0].uri
    replaced = {record.uri for record in [*versions, *(texts[:1] if pairs else [])]}
    spare = [
        Skipped(record.uri, f"{paired} is paired already")
        for record in versions
        if record.uri != paired
    ]
    return [*(one for one in records if getattr(one, "uri", "") not in replaced), *pairs, *spare]


def _version(record: LoneImage) -> str:
    return split_derived(split_extension(record.uri)[0])[1].lower()


def _pair_exactly(files: list[str], use_markup: bool) -> list[Source]:
    unpaired = [record for uri in files if (record := _unpaired(uri, use_markup))]
    kinds = {uri: split_extension(uri)[1] for uri in files if not _unpaired(uri, use_markup)}
    markup = [uri for uri in kinds if kinds[uri] == MARKUP_EXTENSION]
    images = [uri for uri in kinds if kinds[uri] in IMAGE_EXTENSIONS]
    texts = sorted(
        (uri for uri in kinds if kinds[uri] in TEXT_EXTENSIONS),
        key=lambda uri: TEXT_EXTENSIONS.index(kinds[uri]),
    )
    if markup and use_markup:
        # With one description only it is known whose failure leaves an image without any.
        alone = tuple(images) if len(markup) == 1 else ()
        return [*(MarkupFile(uri, alone) for uri in markup), *unpaired]
    unpaired += [Skipped(uri, "--format pair does not read XML") for uri in markup]
    if images and texts:
        spare = [*images[1:], *texts[1:]]
        duplicates = [Skipped(uri, f"{images[0]} is paired already") for uri in spare]
        return [PairFiles(images[0], texts[0]), *duplicates, *unpaired]
    return [*map(LoneImage, images), *map(LoneText, texts), *unpaired]


def is_container(uri: str) -> bool:
    """Return whether a file holds many lines or pages, by its name.

    Example:
        >>> is_container("d/Labels.CSV"), is_container("d/lines.txt"), is_container("d/p.txt")
        (True, True, False)
    """
    name = posixpath.basename(uri).lower()
    return name.endswith(CONTAINER_EXTENSIONS) or name in INDEX_NAMES


def _unpaired(uri: str, use_markup: bool) -> ContainerFile | MarkupFile | Skipped | None:
    """Return the record of a file that is not paired with others; None for one that is."""
    name = posixpath.basename(uri).lower()
    if is_stray(uri):
        return Skipped(uri, STRAY)
    if is_companion(name):
        return Skipped(uri, "belongs to an IAM index")
    if is_container(name):
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


def numbered_readings(markup_uri: str) -> list[tuple[str, int]]:
    """List the ways to read the name of a page description as a file name plus a page number.

    Args:
        markup_uri: The XML file.

    Returns:
        (path of the file of several pages, without extension; page number) for each way.

    Example:
        >>> numbered_readings("d/page/x_0003.xml")
        [('d/page/x', 3), ('d/x', 3)]
        >>> numbered_readings("d/page/x.pdf/page_0003.xml")[-1]
        ('d/x', 3)
    """
    stem = split_extension(markup_uri)[0]
    stems = dict.fromkeys([stem, *_without_markup_folder(stem)])
    return list(dict.fromkeys(found for one in stems for found in numbered_stems(one)))


def _without_markup_folder(stem: str) -> Iterator[str]:
    """Yield a path without the folder for XML that is the last or the last but one in it."""
    *folders, name = stem.split("/")
    for place in (-1, -2):
        if len(folders) >= -place and folders[place].lower() in MARKUP_FOLDERS:
            rest = [*folders[:place], *folders[len(folders) + place + 1 :]]
            yield "/".join([*rest, name])


def markup_candidates(image_uri: str) -> list[str]:
    """List where the page description of an image may be, most probable first.

    Args:
        image_uri: The image; for one page of several, with its number.

    Returns:
        Paths: XML files with the name of the image, in both Unicode forms, with and without
        its extension, beside it or in a folder for XML; for one page of several, then those
        with its number. Folders and extensions in capitals come last. Each path may cost a
        request to a store, so not all combinations are listed. A file 'page_0003.xml' beside
        the image comes at last; it may describe a page of another file (`page_described`).

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
    named = [page_stem(form, number) for form in full] if number else []
    usual, other = ("", *MARKUP_FOLDERS), _OTHER_FOLDERS
    capital = MARKUP_EXTENSION.upper()
    exported = [f"{name}/{page_name(number)}" for name in (*full, *whole)] if number else []
    alone = [posixpath.join(posixpath.dirname(stem), page_name(number))] if number else []
    return [
        *_beside([*whole, *full, *stems, *named], usual, MARKUP_EXTENSION),
        *_beside([*whole, *stems], other, MARKUP_EXTENSION),
        *_beside(whole, ("", *(folder.upper() for folder in MARKUP_FOLDERS)), capital),
        *_in_folders(exported, MARKUP_FOLDERS, MARKUP_EXTENSION),
        *_beside(alone, usual, MARKUP_EXTENSION),
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


def _in_folders(paths: Iterable[str], places: Iterable[str], extension: str) -> list[str]:
    """List files in folders for XML that lie beside the folder of a file of several pages."""
    return [
        posixpath.join(posixpath.dirname(folder), place, posixpath.basename(folder), name)
        + extension
        for folder, name in map(posixpath.split, paths)
        for place in places
    ]
