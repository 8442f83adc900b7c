"""What the files of an export are called, and what they call the images."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines.exporting.config import EXTENSIONS, ExportConfig
from pipelines.files.mirror import mirrored_name, plain_name
from pipelines.formats.names import page_stem, split_extension, split_page_uri
from pipelines.formats.page_text import PageText
from pipelines.formats.xml_names import XmlNames

# Where programs look for PAGE beside images.
_PAGE_FOLDER = "page"


@dataclass(frozen=True)
class ExportNames:
    """The names of the files of an export.

    Attributes:
        folder: Start of all URIs, which names leave out.
        config: What to export.
        clashing: Paths, in lower case, that several pages have without the image's extension.
    """

    folder: str
    config: ExportConfig
    clashing: frozenset[str] = frozenset()

    def of_page(self, uri: str) -> str:
        """Return the path of a page in the folder of a format, without the format's extension.

        Where a program looks for names without the extension of the image, that is left out, if
        no other page would have the same name then.
        """
        if not self.config.taken_by.has_plain_names:
            return mirrored_name(uri, self.folder)
        file_uri, number = split_page_uri(uri)
        stem = page_stem(split_extension(file_uri)[0], number)
        is_clear = stem.lower() not in self.clashing
        return plain_name(uri, self.folder) if is_clear else mirrored_name(uri, self.folder)

    def page_ids(self) -> Callable[[str], str]:
        """Return what names pages where there are no folders, and each must be an identifier."""
        ids = XmlNames()
        return lambda uri: ids.give(self.of_page(uri).replace("/", "_"))

    def of_file(self, uri: str, format_name: str) -> str:
        """Return the path of the file of a page in the output."""
        name = self.of_page(uri) + EXTENSIONS[format_name]
        if format_name == "page" and self.config.taken_by.is_beside_images:
            folder, base = posixpath.split(name)
            return posixpath.join(folder, _PAGE_FOLDER, base)
        return f"{format_name}/{name}"

    def of_document(self, page: PageText) -> str:
        """Return the path of a page's document in the folder of a format, without extension.

        It is that of the manifest or of the file of several pages, or else that of the folder.
        """
        if page.document:
            return mirrored_name(page.document, self.folder)
        folder = posixpath.dirname(split_page_uri(page.uri)[0])
        if f"{folder}/" == self.folder or not folder:
            return posixpath.basename(folder) or "all"
        return mirrored_name(folder, self.folder)

    def called(self, page: PageText) -> PageText:
        """Return a page with the name by which a program knows its image."""
        file_uri, number = split_page_uri(page.uri)
        is_pdf = file_uri.lower().endswith(".pdf")
        if self.config.target == "escriptorium" and number and is_pdf:
            # eScriptorium turns a PDF into images of these names.
            return replace(page, called=f"{page.image_name}_page_{number}.png")
        return page
