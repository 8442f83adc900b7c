"""Which pages the XML files of the input describe, where names alone do not tell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import groupby

from pipelines.descriptions.detect import read_markup_pages
from pipelines.descriptions.image_files import find_image_file
from pipelines.formats.names import (
    MARKUP_EXTENSION,
    MARKUP_FOLDERS,
    file_of,
    loose_name,
    split_extension,
    split_page_uri,
)
from pipelines.formats.source import Files
from schemas.records import PageSource

_HEAD_BYTES = 16_384
# A plain file name, written out, near the start of PAGE and of ALTO.
_PLAIN_NAME = re.compile(
    rb"""\simageFilename\s*=\s*["']([^"'/\\\\%&#]+)["']|<(?:\w+:)?fileName>\s*([^<>/\\\\%&#]+?)\s*</"""
)


def is_markup(uri: str) -> bool:
    """Return whether a file is XML, by its extension."""
    return split_extension(uri)[1] == MARKUP_EXTENSION


def pages_described(uri: str, files: Files) -> Iterator[PageSource]:
    """Find the pages that an XML file describes, as ingest does.

    Args:
        uri: The file.
        files: Where it and the images are.

    Yields:
        A source for each page, which names the file. None where the file has the name of its
        image and lies beside it, as transcribe looks for such; and none where it describes no
        page or cannot be read, as it is nobody's then.
    """
    try:
        with files.open(uri) as file:
            head = file.read(_HEAD_BYTES)
            if _has_name_of_image(uri, head, files):
                return
            data = head + file.read()
        pages = read_markup_pages(data)
    except (OSError, ValueError):
        return
    # The pages of a file may have an image each.
    for name, group in groupby(pages, key=lambda page: file_of(page.uri)):
        try:
            image = find_image_file(uri, name, files)
            uris = [image.page_uri(split_page_uri(page.uri)[1]) for page in group] if image else []
        except (OSError, ValueError):
            continue
        yield from (PageSource(one, (one,), described_by=(uri,)) for one in uris)


def _has_name_of_image(uri: str, head: bytes, files: Files) -> bool:
    found = _PLAIN_NAME.search(head)
    if not found:
        return False
    name = (found[1] or found[2]).decode("utf-8", "replace")
    folder = posixpath.dirname(uri)
    if posixpath.basename(folder).lower() in MARKUP_FOLDERS:
        folder = posixpath.dirname(folder)
    if loose_name(name) != loose_name(uri):
        return False
    return files.first_existing([posixpath.join(folder, name)]) is not None
