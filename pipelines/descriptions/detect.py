"""Choose the reader of a file: by its content, unless the format is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from pipelines.formats.alto.read import alto_pages, is_alto
from pipelines.formats.hocr.read import hocr_pages, is_hocr, is_html, parse_html
from pipelines.formats.iam.read import is_iam, read_iam
from pipelines.formats.labels.read import is_label_table, read_labels
from pipelines.formats.names import only_page
from pipelines.formats.page_xml.read import is_page_xml, page_xml_pages
from pipelines.formats.quire_dataset import is_tfrecord, read_quire_dataset
from pipelines.formats.sets.histdb import is_histdb, read_histdb
from pipelines.formats.sets.rimes import is_rimes, read_rimes
from pipelines.formats.source import Files
from pipelines.formats.tables.columns import BY_NAME, TableColumns
from pipelines.formats.tables.corrections import is_corrections, read_corrections
from pipelines.formats.tables.hugging_face import is_parquet, read_hugging_face
from pipelines.formats.tables.kraken_arrow import is_arrow, read_kraken_arrow
from pipelines.formats.xml_tree import namespace_of, parse_xml
from schemas.records import Failure, Page, Skipped


@dataclass(frozen=True)
class MarkupFormat:
    """A page description in XML.

    Attributes:
        recognises: Returns whether a tree has this format, by its root.
        read: Reads the pages of a tree.
    """

    recognises: Callable[[etree._Element], bool]
    read: Callable[[etree._Element], list[Page | Failure]]


MARKUP_FORMATS = {
    "alto": MarkupFormat(is_alto, alto_pages),
    "page": MarkupFormat(is_page_xml, page_xml_pages),
    "hocr": MarkupFormat(is_hocr, hocr_pages),
}

# XML files that accompany pages but describe none: METS, and the metadata of Transkribus.
_COMPANION_NAMESPACES = ("http://www.loc.gov/METS/",)
_COMPANION_TAGS = ("trpDocMetadata",)
# Such a root in no or another namespace is a damaged description, and not another kind of file.
_PAGE_TAGS = ("PcGts", "alto")


@dataclass(frozen=True)
class ContainerFormat:
    """A file of many lines or pages.

    Attributes:
        recognises: Returns whether a file has this format, by its name and first bytes.
        read: Reads the pages of a file.
        takes_columns: Whether `read` also takes the columns that the user names.
    """

    recognises: Callable[[str, bytes], bool]
    read: Callable[..., Iterator[Page | Failure | Skipped]]
    takes_columns: bool = False

    def pages(
        self, uri: str, files: Files, columns: TableColumns = BY_NAME
    ) -> Iterator[Page | Failure | Skipped]:
        """Read the pages of a file, with the columns that the user names if it is a table."""
        return self.read(uri, files, columns) if self.takes_columns else self.read(uri, files)


CONTAINER_FORMATS = {
    "corrections": ContainerFormat(is_corrections, read_corrections),
    "hugging_face": ContainerFormat(is_parquet, read_hugging_face, takes_columns=True),
    "histdb": ContainerFormat(is_histdb, read_histdb),
    "iam": ContainerFormat(is_iam, read_iam),
    "kraken_arrow": ContainerFormat(is_arrow, read_kraken_arrow, takes_columns=True),
    "labels": ContainerFormat(is_label_table, read_labels, takes_columns=True),
    "quire": ContainerFormat(is_tfrecord, read_quire_dataset),
    "rimes": ContainerFormat(is_rimes, read_rimes),
}
FORMAT_NAMES = ("auto", "pair", *MARKUP_FORMATS, *CONTAINER_FORMATS)

# Bytes at the start of a file that are enough to recognise a container format.
HEAD_BYTES = 4096


class NotAPage(ValueError):
    """The file is valid but describes no page."""


class UnknownMarkup(ValueError):
    """The file is valid XML of a kind that is not read; it may be nobody's page."""


def read_markup(data: bytes, format_name: str = "auto") -> Page:
    """Read the description of one page.

    Args:
        data: The file.
        format_name: 'auto', or the format to read it as.

    Returns:
        The page; its `uri` is the image file name as the file has it.

    Raises:
        NotAPage: If it is an XML file of a kind that is skipped on purpose.
        ValueError: If it cannot be read, or describes several pages.
    """
    return only_page(read_markup_pages(data, format_name))


def read_markup_pages(data: bytes, format_name: str = "auto") -> list[Page | Failure]:
    """Read the description of a page, or of several in one file.

    Args:
        data: The file; it is parsed once.
        format_name: 'auto', or the format to read it as.

    Returns:
        The pages, and failures for those that cannot be read. The `uri` is the image file
        name as the file has it; where there are several pages, followed by the number of the
        page, as in 'scan.pdf#page=3'.

    Raises:
        NotAPage: If it is an XML file of a kind that is skipped on purpose.
        UnknownMarkup: If it is an XML file of another kind.
        ValueError: If it cannot be read.
    """
    root = _parse(data)
    name = etree.QName(root).localname
    if namespace_of(root) in _COMPANION_NAMESPACES or name in _COMPANION_TAGS:
        raise NotAPage(f"<{name}> describes no page")
    # Not every command that reads these files has the flag --format.
    if format_name in MARKUP_FORMATS:
        markup = MARKUP_FORMATS[format_name]
        if not markup.recognises(root):
            raise ValueError(
                f"file does not match --format {format_name}; give the format that it has"
            )
        return markup.read(root)
    for markup in MARKUP_FORMATS.values():
        if markup.recognises(root):
            return markup.read(root)
    kind = ValueError if name in _PAGE_TAGS else UnknownMarkup
    raise kind(f"<{name}> is neither PAGE nor ALTO; save the file as one of them, or remove it")


def _parse(data: bytes) -> etree._Element:
    try:
        return parse_xml(data)
    except ValueError:
        if not is_html(data):
            raise
        return parse_html(data)


def container_of(uri: str, head: bytes) -> ContainerFormat | None:
    """Find the format of a file of many lines or pages.

    Args:
        uri: The file.
        head: Its first `HEAD_BYTES`.

    Returns:
        The format; None if it has none of the container formats.
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
        raise ValueError(f"file holds no known table; set --format to one of {names}")
    return known
