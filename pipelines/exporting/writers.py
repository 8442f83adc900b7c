"""What writes the pages of an export: a file a page, a file a document, or one table of lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain

from pipelines.exporting.changes import ALL, Changes
from pipelines.exporting.config import DOCUMENT, DOCUMENT_FORMATS, EXTENSIONS, ExportConfig
from pipelines.exporting.names import ExportNames
from pipelines.exporting.picture import read_picture
from pipelines.exporting.render import pdf_facts, render, render_document
from pipelines.exporting.sets_of_images import IiifFiles, OcrdWorkspace
from pipelines.exporting.steps import PageWriter, trying
from pipelines.exporting.store import Store
from pipelines.formats.names import split_page_uri
from pipelines.formats.page_text import Origin, PageText
from pipelines.formats.pdf.picture import Picture
from pipelines.formats.pdf.taken_page import TakenPage
from pipelines.formats.pdf.write import SearchablePdf
from pipelines.formats.sheets.columns import rows_of
from pipelines.formats.sheets.csv_file import CsvTable
from pipelines.formats.sheets.xlsx import XlsxTable
from schemas.records import Failure

_TABLES = {"csv": CsvTable, "xlsx": XlsxTable}


@dataclass(eq=False)
class FormatFiles:
    """What the files of a format are written with.

    Attributes:
        name: The format.
        config: The settings of the formats.
        names: Names of the files.
        origin: Where the text comes from.
        store: Where files are written.
        changes: What differs from what is there.
    """

    name: str
    config: ExportConfig
    names: ExportNames
    origin: Origin
    store: Store
    changes: Changes


@dataclass(eq=False)
class PageFiles(FormatFiles):
    """Writes a file for each page."""

    def __post_init__(self):
        archive = self.config.taken_by.archive or self.name
        self.wholes = {f"{archive}.zip": ALL} if self.config.is_zipped else {}

    def wants(self, page: PageText) -> bool:
        """Return whether the page differs."""
        return self.changes.has_page(page.uri)

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write a page."""
        found: list[Picture | TakenPage | None] = [None]
        if self.name == "pdf":
            tell = self.store.tell
            failures = list(
                trying(page, "pdf", "read", lambda: found.append(read_picture(page, tell)))
            )
            yield from failures
            if failures:
                return
        yield from trying(page, self.name, "write", lambda: self._write(page, found[-1]))

    def close(self) -> Iterator[Failure]:
        """Nothing is left."""
        return iter(())

    def _write(self, page: PageText, picture: Picture | TakenPage | None) -> None:
        mirrored = self.names.of_page(page.uri)
        data = render(page, self.name, picture, mirrored, self.config, self.origin)
        self.store.write(self.names.of_file(page.uri, self.name), data, page.uri)


@dataclass(eq=False)
class DocumentFiles(FormatFiles):
    """Writes a file of text for each document, whose pages follow each other."""

    def __post_init__(self):
        self._document, self._pages = "", []
        own = {self._path(document): document for document in self.changes.documents}
        self.wholes = {f"{self.name}.zip": ALL} if self.config.is_zipped else own

    def wants(self, page: PageText) -> bool:
        """Return whether a page of the document differs, came or went."""
        if self.config.is_zipped:
            return self.changes.has_any()
        document = self.names.of_document(page)
        return self.changes.has_whole(self._path(document), document)

    def _path(self, document: str) -> str:
        return f"{self.name}/{document}{EXTENSIONS[self.name]}"

    def add(self, page: PageText) -> Iterator[Failure]:
        """Keep a page, and write the document before it if the page is of another one."""
        document = self.names.of_document(page)
        if document != self._document:
            yield from self.close()
        self._document = document
        failures = list(self.keep(page))
        yield from failures
        if not failures:
            self._pages.append(page)

    def close(self) -> Iterator[Failure]:
        """Write the last document; if that fails, each page of it has failed."""
        pages, self._pages = self._pages, []
        if not pages:
            return
        path = self._path(self._document)
        failures = list(
            trying(pages[0], self.name, "write", lambda: self.store.write(path, self.made(pages)))
        )
        if failures:
            self.store.mark_incomplete(self._document)
        for failure in failures:
            yield from (Failure(page.uri, "write", failure.error) for page in pages)

    @property
    def title(self) -> str:
        """Title of the document."""
        return self._document.rpartition("/")[2]

    def keep(self, page: PageText) -> Iterator[Failure]:
        """Take what is needed of a page when it comes; yield what failed."""
        return iter(())

    def made(self, pages: list[PageText]) -> bytes:
        """Return the file of a document."""
        return render_document(pages, self.name, self.title, self.config, self.origin)


class PdfDocuments(DocumentFiles):
    """Writes a PDF for each document, page by page: its pictures may fill the memory."""

    _pdf: SearchablePdf | None = None

    def keep(self, page: PageText) -> Iterator[Failure]:
        """Write a page to a temporary file."""
        if self._pdf is None:
            # It is closed when the document is complete.
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            facts = pdf_facts(self.title, self.config, self.origin)
            self._pdf = SearchablePdf(self._file, facts)
        found: list[Picture | TakenPage] = []
        tell = self.store.tell
        failures = list(trying(page, "pdf", "read", lambda: found.append(read_picture(page, tell))))
        yield from failures
        if not failures:
            is_of_many = split_page_uri(page.uri)[1] is not None
            named = replace(page, label=page.label or ("" if is_of_many else page.image_name))
            yield from trying(page, "pdf", "write", lambda: self._pdf.add(named, found[0]))

    def made(self, pages: list[PageText]) -> bytes:
        """Return the PDF of the pages that were kept."""
        pdf, self._pdf = self._pdf, None
        pdf.close()
        with self._file as file:
            file.seek(0)
            return file.read()


class LineTable:
    """Writes one table of all lines."""

    def __init__(self, name: str, store: Store, changes: Changes):
        self._name, self._stack = name, ExitStack()
        path = f"lines.{name}"
        self.wholes = {path: ALL}
        self._table = None
        if changes.has_whole(path, ALL):
            self._table = _TABLES[name](self._stack.enter_context(store.opened(path)))

    def wants(self, page: PageText) -> bool:
        """Return whether any page differs, came or went."""
        return self._table is not None

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write the lines of a page."""
        yield from trying(page, self._name, "write", lambda: self._table.add(rows_of(page)))

    def close(self) -> Iterator[Failure]:
        """End the table."""
        if self._table is not None:
            self._table.close()
        self._stack.close()
        return iter(())


def writers_of(
    config: ExportConfig, names: ExportNames, origin: Origin, store: Store, changes: Changes
) -> list[PageWriter]:
    """Return what writes each format of an export."""
    found: list[PageWriter] = []
    for name in config.formats:
        if name in _TABLES:
            found.append(LineTable(name, store, changes))
        elif name == "iiif":
            found.append(IiifFiles(config, names, store, changes))
        elif config.target == "ocrd":
            found.append(OcrdWorkspace(config, names, origin, store, changes))
        elif config.per == DOCUMENT and name in DOCUMENT_FORMATS:
            kind = PdfDocuments if name == "pdf" else DocumentFiles
            found.append(kind(name, config, names, origin, store, changes))
        else:
            found.append(PageFiles(name, config, names, origin, store, changes))
    return found


def add_to_all(writers: list[PageWriter], page: PageText) -> list[Failure]:
    """Give a page to all that want it; a format that fails does not affect the others."""
    return list(chain.from_iterable(one.add(page) for one in writers if one.wants(page)))
