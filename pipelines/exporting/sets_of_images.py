"""Exports that hold the images, too: an OCR-D workspace, and annotations with a manifest."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from pipelines.exporting.changes import ALL, Changes
from pipelines.exporting.config import EXTENSIONS, ExportConfig
from pipelines.exporting.names import ExportNames
from pipelines.exporting.picture import MEDIA_TYPES, read_image_file
from pipelines.exporting.render import render
from pipelines.exporting.steps import trying
from pipelines.exporting.store import Store
from pipelines.formats.addresses import is_address
from pipelines.formats.iiif.annotations import addresses_of
from pipelines.formats.iiif.write_manifest import Canvas, write_manifest
from pipelines.formats.mets_workspace import IMAGES, TEXTS, WorkspacePage, file_id, write_mets
from pipelines.formats.page_text import Origin, PageText
from pipelines.formats.page_xml.write import write_page
from schemas.records import Failure

# Browsers show no TIFF.
_FOR_BROWSERS = (".jpg", ".jpeg", ".png")
_MANIFEST = ".manifest.json"
_METS = "mets.xml"


class OcrdWorkspace:
    """Writes a workspace of OCR-D: METS, the images, and a PAGE file for each.

    Args:
        config: The settings of the formats.
        names: Names of the files.
        origin: Where the text comes from.
        store: Where files are written.
        changes: What differs from what is there.
    """

    def __init__(
        self,
        config: ExportConfig,
        names: ExportNames,
        origin: Origin,
        store: Store,
        changes: Changes,
    ):
        self._config, self._names = config, names
        self._origin, self._store, self._changes = origin, store, changes
        self._id_of, self._pages = names.page_ids(), []
        archive = f"{config.taken_by.archive}.zip"
        self.wholes = {archive if config.is_zipped else _METS: ALL}

    def wants(self, page: PageText) -> bool:
        """Return whether any page differs, came or went: METS lists them all."""
        return self._changes.has_any()

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write the image and the PAGE file of a page, unless they are there."""
        name = self._id_of(page.uri)
        if not self._changes.has_page(page.uri) and self._lists_as_it_is(page, name):
            return
        yield from trying(page, "page", "write", lambda: self._write(page, name))

    def close(self) -> Iterator[Failure]:
        """Write the METS file."""
        if not self._changes.has_any():
            return iter(())
        identifier = posixpath.basename(self._names.folder.rstrip("/")) or "quire"
        self._store.write(_METS, write_mets(self._pages, identifier, self._origin))
        return iter(())

    def _lists_as_it_is(self, page: PageText, name: str) -> bool:
        """List a page with the files that an earlier export wrote, if they have its name."""
        image = next(
            (p for p in self._store.files_before(page.uri) if p.startswith(f"{IMAGES}/")), ""
        )
        stem, ending = posixpath.splitext(image)
        if stem != f"{IMAGES}/{name}":
            return False
        self._list(page, name, ending)
        return True

    def _list(self, page: PageText, name: str, ending: str) -> None:
        image, text = f"{IMAGES}/{name}{ending}", f"{TEXTS}/{name}.xml"
        self._pages.append(WorkspacePage(name, page.label, image, MEDIA_TYPES[ending], text))

    def _write(self, page: PageText, name: str) -> None:
        data, ending = read_image_file(page, MEDIA_TYPES)
        image, text = f"{IMAGES}/{name}{ending}", f"{TEXTS}/{name}.xml"
        # The image needs no turning any more, and is named from the folder of the METS file.
        stated = replace(page, called=image, orientation=1)
        version, own_id = self._config.page_version, file_id(TEXTS, name)
        xml = write_page(stated, self._origin, version, file_id=own_id)
        self._store.write(image, data, page.uri)
        self._store.write(text, xml, page.uri)
        self._list(page, name, ending)


class IiifFiles:
    """Writes the annotations of each page, the images of file pages, and a manifest a document.

    Args:
        config: The settings of the formats.
        names: Names of the files.
        store: Where files are written.
        changes: What differs from what is there.
    """

    def __init__(self, config: ExportConfig, names: ExportNames, store: Store, changes: Changes):
        self._config, self._names = config, names
        self._store, self._changes = store, changes
        self._document, self._canvases = "", []
        own = {f"iiif/{document}{_MANIFEST}": document for document in changes.documents}
        self.wholes = {"iiif.zip": ALL} if config.is_zipped else own

    def wants(self, page: PageText) -> bool:
        """Return whether the page, or another of its manifest, differs, came or went."""
        if self._config.is_zipped:
            return self._changes.has_any()
        document = self._names.of_document(page)
        is_new = self._changes.has_whole(f"iiif/{document}{_MANIFEST}", document)
        return is_new or self._changes.has_page(page.uri)

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write the annotations of a page, and its image unless that is on the web."""
        document = self._names.of_document(page)
        if document != self._document:
            yield from self.close()
        self._document = document
        mirrored = self._names.of_page(page.uri)
        is_there = not self._changes.has_page(page.uri)
        failures = [] if is_there else list(self._annotate(page, mirrored))
        yield from failures
        if not failures:
            # The annotations are there, and another manifest may show the page.
            for failure in trying(page, "iiif", "read", lambda: self._add_canvas(page, mirrored)):
                self._store.remark(f"in no manifest: {page.uri}: {failure.error}")
                self._store.mark_incomplete(page.uri, document)

    def close(self) -> Iterator[Failure]:
        """Write the manifest of the last document."""
        canvases, self._canvases = self._canvases, []
        if canvases:
            path = f"{self._document}{_MANIFEST}"
            title = self._document.rpartition("/")[2]
            address = f"{self._base}/{quote(path)}"
            self._store.write(f"iiif/{path}", write_manifest(address, title, canvases))
        return iter(())

    @property
    def _base(self) -> str:
        return self._config.iiif_base.rstrip("/")

    def _annotate(self, page: PageText, mirrored: str) -> Iterator[Failure]:
        annotations = render(page, "iiif", None, mirrored, self._config, None)
        path = f"iiif/{mirrored}{EXTENSIONS['iiif']}"
        write = self._store.write
        return trying(page, "iiif", "write", lambda: write(path, annotations, page.uri))

    def _add_canvas(self, page: PageText, mirrored: str) -> None:
        size = page.width_px, page.height_px
        annotations, canvas = addresses_of(page, self._config.iiif_base, mirrored)
        image, media_type = page.address or page.uri, MEDIA_TYPES[".jpg"]
        if not is_address(image):
            path, media_type = self._image_file(page, mirrored)
            image = f"{self._base}/{quote(path)}"
        label = page.label or page.image_name
        canvas_px = page.canvas_px if all(page.canvas_px) else size
        self._canvases.append(
            Canvas(canvas, label, image, media_type, size, canvas_px, annotations)
        )

    def _image_file(self, page: PageText, mirrored: str) -> tuple[str, str]:
        """Write the image of a page, unless it is there; return its path and media type."""
        if not self._changes.has_page(page.uri):
            there = self._store.files_before(page.uri)
            for ending in _FOR_BROWSERS:
                if f"iiif/{mirrored}{ending}" in there:
                    return f"{mirrored}{ending}", MEDIA_TYPES[ending]
        data, ending = read_image_file(page, _FOR_BROWSERS)
        self._store.write(f"iiif/{mirrored}{ending}", data, page.uri)
        return f"{mirrored}{ending}", MEDIA_TYPES[ending]
