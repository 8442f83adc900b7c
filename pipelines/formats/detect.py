"""Which reader reads a file: by content, unless told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from pipelines.formats import (
    alto,
    hugging_face,
    iam,
    kraken_arrow,
    labels,
    our_records,
    page_xml,
)
from pipelines.formats.source import Files
from pipelines.formats.xml_tree import namespace_of, parse_xml
from schemas.records import Failure, Page, Skipped


@dataclass(frozen=True)
class MarkupFormat:
    """A page description in XML.

    Attributes:
        recognises: Tells a tree of this format by its root.
        read: Reads a file of this format.
    """

    recognises: Callable[[etree._Element], bool]
    read: Callable[[bytes], Page]


MARKUP_FORMATS = {
    "alto": MarkupFormat(alto.recognises, alto.read_alto),
    "page": MarkupFormat(page_xml.recognises, page_xml.read_page_xml),
}

# XML files that stand beside pages and describe none.
_COMPANION_NAMESPACES = ("http://www.loc.gov/METS/",)


@dataclass(frozen=True)
class ContainerFormat:
    """A file of many lines or pages.

    Attributes:
        recognises: Tells a file of this format by its name and its first bytes.
        read: Reads a file of this format.
    """

    recognises: Callable[[str, bytes], bool]
    read: Callable[[str, Files], Iterator[Page | Failure | Skipped]]


CONTAINER_FORMATS = {
    "hugging_face": ContainerFormat(hugging_face.recognises, hugging_face.read_hugging_face),
    "iam": ContainerFormat(iam.recognises, iam.read_iam),
    "kraken_arrow": ContainerFormat(kraken_arrow.recognises, kraken_arrow.read_kraken_arrow),
    "labels": ContainerFormat(labels.recognises, labels.read_labels),
    "quire": ContainerFormat(our_records.recognises, our_records.read_our_records),
}
FORMAT_NAMES = ("auto", "pair", *MARKUP_FORMATS, *CONTAINER_FORMATS)

_HEAD_BYTES = 4096


class NotAPage(ValueError):
    """The file is sound but describes no page."""


def read_markup(data: bytes, format_name: str = "auto") -> Page:
    """Read a page description.

    Args:
        data: The file.
        format_name: 'auto', or the format to read it as.

    Returns:
        The page; its `uri` is the image file name as the file has it.

    Raises:
        NotAPage: If it is an XML file of a kind that is left out on purpose.
        ValueError: If it cannot be read.
    """
    if format_name in MARKUP_FORMATS:
        return MARKUP_FORMATS[format_name].read(data)
    root = parse_xml(data)
    for markup in MARKUP_FORMATS.values():
        if markup.recognises(root):
            return markup.read(data)
    if namespace_of(root) in _COMPANION_NAMESPACES:
        raise NotAPage(f"<{etree.QName(root).localname}> describes no page")
    raise ValueError(
        f"<{etree.QName(root).localname}> is no known format; "
        f"give --format one of {', '.join(MARKUP_FORMATS)} or take the file out"
    )


def read_container(
    uri: str, files: Files, format_name: str = "auto"
) -> Iterator[Page | Failure | Skipped]:
    """Read a file of many lines or pages.

    Args:
        uri: The file.
        files: Opens it and finds the images that it names.
        format_name: 'auto', or the format to read it as.

    Returns:
        A record for each line or page, one at a time.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is of no known format.
    """
    known = CONTAINER_FORMATS.get(format_name) or container_of(uri, files)
    if known is None:
        names = ", ".join(CONTAINER_FORMATS)
        raise ValueError(f"no known table in it; give --format one of {names}")
    return known.read(uri, files)


def container_of(uri: str, files: Files) -> ContainerFormat | None:
    """Find the format of a file of many lines or pages by its name and first bytes.

    Args:
        uri: The file.
        files: Opens it.

    Returns:
        The format; None if it is none of them.

    Raises:
        OSError: If it cannot be opened.
    """
    with files.open(uri) as file:
        head = file.read(_HEAD_BYTES)
    formats = CONTAINER_FORMATS.values()
    return next((container for container in formats if container.recognises(uri, head)), None)
