"""Which reader reads a file: by content, unless told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from pipelines.formats.alto.read import alto_pages, is_alto
from pipelines.formats.hugging_face import is_parquet, read_hugging_face
from pipelines.formats.iam.read import is_iam, read_iam
from pipelines.formats.kraken_arrow import is_arrow, read_kraken_arrow
from pipelines.formats.labels.read import is_label_table, read_labels
from pipelines.formats.names import only_page
from pipelines.formats.page_xml.read import is_page_xml, page_xml_pages
from pipelines.formats.quire_dataset import is_tfrecord, read_quire_dataset
from pipelines.formats.source import Files
from pipelines.formats.xml_tree import namespace_of, parse_xml
from schemas.records import Failure, Page, Skipped


@dataclass(frozen=True)
class MarkupFormat:
    """A page description in XML.

    Attributes:
        recognises: Tells a tree of this format by its root.
        read: Reads the pages of a tree of this format.
    """

    recognises: Callable[[etree._Element], bool]
    read: Callable[[etree._Element], list[Page | Failure]]


MARKUP_FORMATS = {
    "alto": MarkupFormat(is_alto, alto_pages),
    "page": MarkupFormat(is_page_xml, page_xml_pages),
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
    "hugging_face": ContainerFormat(is_parquet, read_hugging_face),
    "iam": ContainerFormat(is_iam, read_iam),
    "kraken_arrow": ContainerFormat(is_arrow, read_kraken_arrow),
    "labels": ContainerFormat(is_label_table, read_labels),
    "quire": ContainerFormat(is_tfrecord, read_quire_dataset),
}
FORMAT_NAMES = ("auto", "pair", *MARKUP_FORMATS, *CONTAINER_FORMATS)

# So much of a file shows whether it is a container, and of which format.
HEAD_BYTES = 4096


class NotAPage(ValueError):
    """The file is sound but describes no page."""


def read_markup(data: bytes, format_name: str = "auto") -> Page:
    """Read the description of one page.

    Args:
        data: The file.
        format_name: 'auto', or the format to read it as.

    Returns:
        The page; its `uri` is the image file name as the file has it.

    Raises:
        NotAPage: If it is an XML file of a kind that is left out on purpose.
        ValueError: If it cannot be read, or describes several pages.
    """
    return only_page(read_markup_pages(data, format_name))


def read_markup_pages(data: bytes, format_name: str = "auto") -> list[Page | Failure]:
    """Read the description of a page, or of several in one file.

    Args:
        data: The file; it is parsed once.
        format_name: 'auto', or the format to read it as.

    Returns:
        The pages, and why some are none. The `uri` is the image file name as the file has
        it; of several pages with the number of the page after it, as in 'scan.pdf#page=3'.

    Raises:
        NotAPage: If it is an XML file of a kind that is left out on purpose.
        ValueError: If it cannot be read.
    """
    root = parse_xml(data)
    # Not every command that reads these files has the flag --format.
    if format_name in MARKUP_FORMATS:
        markup = MARKUP_FORMATS[format_name]
        if not markup.recognises(root):
            raise ValueError(f"file is not of --format {format_name}; give the one that it has")
        return markup.read(root)
    for markup in MARKUP_FORMATS.values():
        if markup.recognises(root):
            return markup.read(root)
    if namespace_of(root) in _COMPANION_NAMESPACES:
        raise NotAPage(f"<{etree.QName(root).localname}> describes no page")
    raise ValueError(
        f"<{etree.QName(root).localname}> is neither PAGE nor ALTO; "
        "save the file as one of them, or take it out"
    )


def container_of(uri: str, head: bytes) -> ContainerFormat | None:
    """Find the format of a file of many lines or pages.

    Args:
        uri: The file.
        head: Its first `HEAD_BYTES`.

    Returns:
        The format; None if it is none of them.
    """
    formats = CONTAINER_FORMATS.values()
    return next((container for container in formats if container.recognises(uri, head)), None)


def choose_container(uri: str, head: bytes, format_name: str = "auto") -> ContainerFormat:
    """Choose the format to read a file of many lines or pages as.

    Args:
        uri: The file.
        head: Its first `HEAD_BYTES`.
        format_name: 'auto', or the format to read it as.

    Raises:
        ValueError: If it is of no known format.
    """
    known = CONTAINER_FORMATS.get(format_name) or container_of(uri, head)
    if known is None:
        names = ", ".join(CONTAINER_FORMATS)
        raise ValueError(f"no known table in it; give --format one of {names}")
    return known
