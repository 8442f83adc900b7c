"""From paired files to pages: read each file, find its image, add document and split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import groupby
from typing import BinaryIO

from model.dataset.split_names import official_split, split_folder
from model.dataset.splits import document_of
from pipelines.descriptions.detect import (
    HEAD_BYTES,
    NotAPage,
    UnknownMarkup,
    choose_container,
    container_of,
    read_markup_pages,
)
from pipelines.descriptions.image_files import ImageFile, count_file_pages, find_image_file
from pipelines.descriptions.pairing import (
    ContainerFile,
    LoneImage,
    LoneText,
    MarkupFile,
    PairFiles,
    Source,
    lone_image_failure,
    lone_text_failure,
)
from pipelines.descriptions.survey import Surveyed, survey_page
from pipelines.files.zip_members import archive_fault, is_archive
from pipelines.formats.iam.files import lines_index_beside
from pipelines.formats.names import (
    HOCR_EXTENSIONS,
    file_of,
    page_uri,
    split_extension,
    split_page_uri,
)
from pipelines.formats.pairs import read_pair
from pipelines.formats.sets.bentham import line_image_of, page_image_of, read_bentham
from pipelines.formats.source import Files
from pipelines.formats.tables.columns import BY_NAME, ForeignTable, TableColumns
from schemas.records import Failure, Page, Skipped

# Beside pages lie notes and plain text of all sorts; '.gt.txt' is always that of a line.
STRAY_TEXT_EXTENSION = ".txt"
# Larger than the text of any line and the XML of any page; a larger file is something else.
_LARGEST_TEXT_BYTES, _LARGEST_MARKUP_BYTES = 1 << 20, 1 << 27

# Why a page is left out.
NO_LINES, NO_LINE_OF_KINDS = "page has no lines", "no line of the requested kinds"
NO_COLUMNS = "no columns of images and texts"

# What names the split of pages of a format, where its reader does not say.
_OFFICIAL = {"iam": "lists of IAM", "quire": "Quire's own datasets"}


@dataclass(frozen=True)
class ReadConfig:
    """What to read of the input.

    Attributes:
        format_name: 'auto', 'pair', or the format of XML and container files.
        line_kinds: Kinds of lines to read; empty for all.
        region_kinds: Kinds of regions whose lines are read; empty for all.
        columns: Columns of tables that the user names.
        roots: Folders of the input: names of folders below them may be those of splits.
        named: Files and globs of tables that are given themselves, and not by their folder.
    """

    format_name: str = "auto"
    line_kinds: tuple[str, ...] = ()
    region_kinds: tuple[str, ...] = ()
    columns: TableColumns = BY_NAME
    roots: tuple[str, ...] = ("",)
    named: tuple[str, ...] = ()

    def means(self, table_uri: str) -> bool:
        """Return whether the user says that a file is a table of images and texts."""
        is_named = any(fnmatchcase(table_uri, pattern) for pattern in self.named)
        return is_named or self.columns != BY_NAME or self.format_name != "auto"

    @property
    def is_selective(self) -> bool:
        """Whether some lines of the input are not read."""
        return bool(self.line_kinds or self.region_kinds)

    def without_lines(self, uri: str) -> Skipped:
        """Return the record of a page of which no line is read."""
        return Skipped(uri, NO_LINE_OF_KINDS if self.is_selective else NO_LINES)


def survey_source(
    source: Source, config: ReadConfig, files: Files
) -> Iterator[Surveyed | Failure | Skipped]:
    """Survey a source from `pair_files`.

    Args:
        source: Files to read; failures and skipped files pass through.
        config: What to read.
        files: Where the sources are.

    Yields:
        A record for each page.
    """
    for record in read_source(source, config, files):
        yield survey_page(record, describing_file(source)) if isinstance(record, Page) else record


def read_source(
    source: Source, config: ReadConfig, files: Files
) -> Iterator[Page | Failure | Skipped]:
    """Read a source from `pair_files`.

    Args:
        source: Files to read; failures and skipped files pass through, lone images are dropped.
        config: What to read.
        files: Where the sources are.

    Yields:
        Each page with its image, document, official split and the requested lines, of which
        there may be none, or the failure or the reason for skipping it.
    """
    if isinstance(source, (MarkupFile, LoneText, ContainerFile, PairFiles)):
        for record in _read(source, config, files):
            is_page = isinstance(record, Page)
            yield _place(record, describing_file(source), config.roots) if is_page else record
    elif not isinstance(source, LoneImage):
        yield source


def _read(
    source: MarkupFile | LoneText | ContainerFile | PairFiles, config: ReadConfig, files: Files
) -> Iterator[Page | Failure | Skipped]:
    if isinstance(source, PairFiles):
        yield _read_pair_files(source, files)
    else:
        yield from _read_by_content(source, config, files)


def describing_file(source: Source) -> str:
    """Return the file that describes a page: the text of a pair, else the file itself."""
    return source.text_uri if isinstance(source, PairFiles) else source.uri


def _read_by_content(
    source: MarkupFile | LoneText | ContainerFile, config: ReadConfig, files: Files
) -> Iterator[Page | Failure | Skipped]:
    """Read a file; its first bytes show whether an XML or text file is a table."""
    uri = source.uri
    if is_archive(uri):
        # Of one that can be read, the files in it come instead.
        fault = archive_fault(uri) or f"{uri}: came after its files were listed; run again"
        yield Failure(uri, "read", fault)
        return
    try:
        with files.open(uri) as file:
            head = file.read(HEAD_BYTES)
            is_table = isinstance(source, ContainerFile) or container_of(uri, head) is not None
            is_markup = isinstance(source, MarkupFile) and not is_table
            data = head + _read_rest(file, _LARGEST_MARKUP_BYTES) if is_markup else b""
    except (OSError, ValueError) as error:
        yield Failure(uri, "read", str(error))
        return
    if is_table:
        yield from _read_container_file(uri, head, config, files)
    elif is_markup:
        for record in _read_markup(source, data, config.format_name, files):
            yield _selected(record, config)
    else:
        yield _read_line_of_set(uri, head, files)


def _read_line_of_set(uri: str, head: bytes, files: Files) -> Page | Failure | Skipped:
    """Read a text whose line image lies in a folder for images, as in the Bentham sets."""
    try:
        image_uri = line_image_of(uri, files)
        if image_uri is None and split_extension(uri)[1] == STRAY_TEXT_EXTENSION:
            return Skipped(uri, "text belongs to no image")
        if image_uri is None:
            return lone_text_failure(uri)
        return read_bentham(uri, head, image_uri, files)
    except (OSError, ValueError) as error:
        return Failure(uri, "read", str(error))


def _read_markup(
    source: MarkupFile, data: bytes, format_name: str, files: Files
) -> Iterator[Page | Failure | Skipped]:
    uri = source.uri
    try:
        pages = read_markup_pages(data, format_name)
    except NotAPage as reason:
        yield Skipped(uri, str(reason))
        yield from map(lone_image_failure, source.image_uris)
        return
    except UnknownMarkup as error:
        # Web pages about a set lie beside it as HTML. XML should describe the image of its name.
        if uri.lower().endswith(HOCR_EXTENSIONS):
            yield Skipped(uri, "HTML without hOCR")
        elif source.image_uris:
            yield Failure(uri, "read", str(error))
        else:
            yield Skipped(uri, str(error))
        return
    except ValueError as error:
        yield Failure(uri, "read", str(error))
        return
    # Pages of PAGE and ALTO refer to the same image file, those of hOCR may have one each.
    for name, group in groupby(pages, key=lambda page: file_of(page.uri)):
        yield from _with_image_file(uri, name, list(group), files)


def _with_image_file(
    uri: str, name: str, pages: list[Page | Failure], files: Files
) -> Iterator[Page | Failure]:
    try:
        image = find_image_file(uri, name, files)
    except (OSError, ValueError) as error:
        yield from _fail_pages(uri, pages, "read", str(error))
        return
    if image is None and (page_image := page_image_of(uri, name, files)):
        image = ImageFile(page_image)
    if image is None:
        named = name or "with the same name"
        error = f"image {named} is not beside it; put it there"
        if "/" in name:
            error = f"image {named} is not beside it, nor inside the input; put it beside it"
        yield from _fail_pages(uri, pages, "pair", error)
        return
    for page in pages:
        yield _with_image(page, image, uri)


def _fail_pages(uri: str, pages: list[Page | Failure], stage: str, error: str) -> Iterator[Failure]:
    """Make a failure for each page of a file, with its number if there are several."""
    for page in pages:
        number = split_page_uri(page.uri)[1] if len(pages) > 1 else None
        place = page_uri(uri, number) if number else uri
        # One that cannot be read says why.
        is_bad = isinstance(page, Failure)
        yield replace(page, uri=place) if is_bad else Failure(place, stage, error)


def _with_image(page: Page | Failure, image: ImageFile, markup_uri: str) -> Page | Failure:
    """Return a page with the URI of its image."""
    try:
        uri = image.page_uri(split_page_uri(page.uri)[1])
    except ValueError as error:
        return Failure(markup_uri, "pair", str(error))
    if isinstance(page, Failure):
        return replace(page, uri=uri)
    number = split_page_uri(uri)[1]
    if number and number > image.page_count:
        error = (
            f"page {number} is not in the file, which has {image.page_count} pages; "
            f"correct the number in {markup_uri}"
        )
        return Failure(uri, "pair", error)
    return replace(page, uri=uri)


def _read_pair_files(source: PairFiles, files: Files) -> Page | Failure:
    try:
        with files.open(source.text_uri) as file:
            text = _read_rest(file, _LARGEST_TEXT_BYTES)
        page = read_pair(text, source.image_uri)
    except (OSError, ValueError) as error:
        return Failure(source.text_uri, "read", str(error))
    try:
        page_count = count_file_pages(source.image_uri, files)
    except (OSError, ValueError) as error:
        return Failure(source.image_uri, "read", str(error))
    if page_count > 1:
        error = (
            f"{source.image_uri} has {page_count} pages, but a text belongs to one line image; "
            "use PAGE or ALTO for pages"
        )
        return Failure(source.text_uri, "pair", error)
    return page


def _read_container_file(
    uri: str, head: bytes, config: ReadConfig, files: Files
) -> Iterator[Page | Failure | Skipped]:
    try:
        lines = lines_index_beside(uri, files) if config.format_name == "auto" else None
        if lines:
            yield Skipped(uri, f"{lines} describes the same lines")
            return
        container = choose_container(uri, head, config.format_name)
        for record in container.pages(uri, files, config.columns):
            record = record if isinstance(record, Page) else _of_page(record)
            yield _selected(record, config)
    except ForeignTable as error:
        yield Failure(uri, "read", str(error)) if config.means(uri) else Skipped(uri, NO_COLUMNS)
    except (OSError, ValueError) as error:
        yield Failure(uri, "read", str(error))


def _of_page(record: Failure | Skipped) -> Failure | Skipped:
    """Move the row into the URI: a row that cannot be read is a page that failed."""
    if isinstance(record, Failure) and record.line_id:
        return replace(record, uri=f"{record.uri}#{record.line_id}", line_id="")
    return record


def _selected(record: Page | Failure | Skipped, config: ReadConfig) -> Page | Failure | Skipped:
    """Keep the lines of the requested kinds."""
    if not isinstance(record, Page) or not config.is_selective:
        return record
    lines = tuple(
        line
        for line in record.lines
        if (not config.line_kinds or not set(config.line_kinds).isdisjoint(line.kinds))
        and (not config.region_kinds or not set(config.region_kinds).isdisjoint(line.region_kinds))
    )
    return replace(record, lines=lines)


def _place(page: Page, described_by: str, roots: tuple[str, ...]) -> Page:
    """Fill in document and split from the path where the description has none."""
    page = replace(page, document=page.document or document_of(page.uri))
    if page.split:
        return replace(page, split_by=page.split_by or _OFFICIAL.get(page.source, "the input"))
    # The images of all splits may lie in one folder, and only the descriptions be parted.
    for uri in (page.uri, described_by):
        split = official_split(uri, roots)
        if split:
            return replace(page, split=split, split_by=f"folder {split_folder(uri, roots)}")
    return page


def _read_rest(file: BinaryIO, most_bytes: int) -> bytes:
    """Read the rest of a file, up to a limit that protects the memory.

    Raises:
        ValueError: If it is larger.
    """
    data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError(f"file is larger than {most_bytes >> 20} MB; split it or remove it")
    return data
