"""The image file of a described page, which may be a PDF or TIFF of several pages."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.decoding.images import count_pages
from pipelines.descriptions.image_names import AmbiguousImage, image_uri, is_alike
from pipelines.descriptions.pairing import numbered_readings
from pipelines.formats.names import (
    file_of,
    is_paged,
    number_of_page,
    page_uri,
    split_extension,
    split_page_uri,
)
from pipelines.formats.source import Files
from pipelines.formats.xml_tree import naming
from schemas.records import Failure, Page


@dataclass(frozen=True)
class ImageFile:
    """The file that holds the image of a page, or those of several.

    Attributes:
        uri: The file.
        page_count: Pages in it.
        own_number: Page number in the name of the describing file; None for none.
    """

    uri: str
    page_count: int = 1
    own_number: int | None = None

    def page_uri(self, stated: int | None) -> str:
        """Return the URI of the described page; for a file of one page, the URI of the file.

        Args:
            stated: Page number in the description itself; None for none.

        Raises:
            ValueError: If the file has several pages and no number is known.
        """
        number = stated or self.own_number
        if self.page_count == 1 and number in (None, 1):
            return self.uri
        if number is None:
            name = posixpath.basename(self.uri)
            stem = split_extension(name)[0]
            raise ValueError(
                f"{self.uri} has {self.page_count} pages; state which one is described: name the "
                f"image {page_uri(name, 1)}, or the file {stem}_0001.xml"
            )
        return page_uri(self.uri, number)


def find_image_file(markup_uri: str, image_name: str, files: Files) -> ImageFile | None:
    """Find the image file of a page description.

    Args:
        markup_uri: The XML file.
        image_name: The image as the XML names it, without a page number; may be empty.
        files: Where to look.

    Returns:
        The file; None where it does not exist.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If several files may be meant, or its pages cannot be counted.
    """
    uri = image_uri(markup_uri, image_name, files)
    if uri is None or not is_paged(uri):
        return None if uri is None else ImageFile(uri)
    with naming(uri):
        page_count = count_file_pages(uri, files)
    is_named = _base_name(uri) == _base_name(image_name)
    # The number in the name may mean something else: letter_2.xml of letter.tif.
    if page_count == 1 and is_named:
        return ImageFile(uri)
    return ImageFile(uri, page_count, own_number(markup_uri, uri))


def own_number(markup_uri: str, image_uri: str) -> int | None:
    """Return the page number in the name of a describing file.

    Args:
        markup_uri: The file that describes the page.
        image_uri: The image file of several pages.

    Returns:
        The number, from 1; None where the name is neither that of the image plus a number nor
        that of a page alone, as 'page_0003'.

    Example:
        >>> own_number("d/page/scan_0003.xml", "d/scan.pdf"), own_number("d/x.xml", "d/x.pdf")
        (3, None)
    """
    stem = _base_name(split_extension(image_uri)[0])
    readings = numbered_readings(markup_uri)
    named = next((number for path, number in readings if _base_name(path) == stem), None)
    return named or number_of_page(split_extension(markup_uri)[0])


def page_described(
    image_uri: str, markup_uri: str, pages: Sequence[Page | Failure], files: Files
) -> Page | None:
    """Find a page among those that a file beside it describes.

    Args:
        image_uri: The page.
        markup_uri: The file that describes pages.
        pages: The pages that it describes.
        files: Where to look for another image that the file names.

    Returns:
        The page; None where the file describes only others.

    Raises:
        ValueError: If its description cannot be read.
    """
    file_uri, wanted = split_page_uri(image_uri)
    names = dict.fromkeys(file_of(page.uri) for page in pages)
    meant = {name for name in names if _means(file_uri, markup_uri, name, files)}
    # Of several images in one file, one of another name is meant only where none has the name.
    meant = {name for name in meant if is_alike(name, file_uri)} or meant
    pages = [page for page in pages if file_of(page.uri) in meant]
    for page in pages:
        number = split_page_uri(page.uri)[1] or own_number(markup_uri, file_uri)
        is_only = wanted is None and (number == 1 or len(pages) == 1)
        if number == wanted or is_only:
            if isinstance(page, Failure):
                raise ValueError(page.error)
            return page
    return None


def _means(file_uri: str, markup_uri: str, image_name: str, files: Files) -> bool:
    """Return whether a description is of a file, whether by its own name or by what it names."""
    if is_alike(image_name, file_uri):
        return True
    is_page_alone = number_of_page(split_extension(markup_uri)[0]) is not None
    stem = _base_name(split_extension(file_uri)[0])
    is_numbered = any(_base_name(path) == stem for path, _ in numbered_readings(markup_uri))
    if is_page_alone and not is_numbered:
        return False
    try:
        named = image_uri(markup_uri, image_name, files)
    except AmbiguousImage as error:
        # Of one page there may be several files, as a master and a smaller copy.
        return file_uri in error.uris
    # What it names may be on another machine, or be called otherwise.
    return named in (None, file_uri)


def count_file_pages(uri: str, files: Files) -> int:
    """Count the pages of a file.

    Args:
        uri: The file.
        files: Opens it.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is broken or encrypted.
    """
    if not is_paged(uri):
        return 1
    with files.open(uri) as file:
        return count_pages(file)


def _base_name(path: str) -> str:
    name = posixpath.basename(file_of(path).replace("\\", "/"))
    return unicodedata.normalize("NFC", name)
