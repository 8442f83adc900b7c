"""Exports that hold the images, too: an OCR-D workspace, and annotations with a manifest."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from pipelines.exporting.config import EXTENSIONS, ExportConfig
from pipelines.exporting.names import ExportNames
from pipelines.exporting.picture import MEDIA_TYPES, read_image_file
from pipelines.exporting.render import render
from pipelines.exporting.steps import trying
from pipelines.exporting.store import Store
from pipelines.formats.addresses import is_address
from pipelines.formats.iiif.annotations import addresses_of
from pipelines.formats.iiif.write_manifest import Canvas, write_manifest
from pipelines.formats.mets_workspace import IMAGES, TEXTS, WorkspacePage, write_mets
from pipelines.formats.page_text import Origin, PageText
from pipelines.formats.xml_names import XmlNames
from schemas.records import Failure

# Browsers show no TIFF.
_FOR_BROWSERS = (".jpg", ".jpeg", ".png")
_MANIFEST = ".manifest.json"


class OcrdWorkspace:
    """Writes a workspace of OCR-D: METS, the images, and a PAGE file for each.

    Args:
        config: The settings of the formats.
        names: Names of the files.
        origin: Where the text comes from.
        store: Where files are written.
    """

    def __init__(self, config: ExportConfig, names: ExportNames, origin: Origin, store: Store):
        self._config, self._names = config, names
        self._origin, self._store = origin, store
        self._ids, self._pages = XmlNames(), []

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write the image and the PAGE file of a page."""
        yield from trying(page, "page", "write", lambda: self._write(page))

    def close(self) -> Iterator[Failure]:
        """Write the METS file."""
        identifier = posixpath.basename(self._names.folder.rstrip("/")) or "quire"
        self._store.write("mets.xml", write_mets(self._pages, identifier, self._origin))
        return iter(())

    def _write(self, page: PageText) -> None:
        data, ending = read_image_file(page, MEDIA_TYPES)
        name = self._ids.give(self._names.of_page(page.uri).replace("/", "_"))
        image, text = f"{IMAGES}/{name}{ending}", f"{TEXTS}/{name}.xml"
        # The image needs no turning any more, and is named from the folder of the METS file.
        stated = replace(page, called=image, orientation=1)
        xml = render(stated, "page", None, "", self._config, self._origin)
        self._store.write(image, data, page.uri)
        self._store.write(text, xml, page.uri)
        self._pages.append(WorkspacePage(name, page.label, image, MEDIA_TYPES[ending], text))


class IiifFiles:
    """Writes the annotations of each page, the images of file pages, and a manifest a document.

    Args:
        config: The settings of the formats.
        names: Names of the files.
        store: Where files are written.
    """

    def __init__(self, config: ExportConfig, names: ExportNames, store: Store):
        self._config, self._names, self._store = config, names, store
        self._document, self._canvases = "", []

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write the annotations of a page, and its image unless that is on the web."""
        document = self._names.of_document(page)
        if document != self._document:
            yield from self.close()
        self._document = document
        mirrored = self._names.of_page(page.uri)
        annotations = render(page, "iiif", None, mirrored, self._config, None)
        path = f"iiif/{mirrored}{EXTENSIONS['iiif']}"
        failures = list(
            trying(page, "iiif", "write", lambda: self._store.write(path, annotations, page.uri))
        )
        yield from failures
        if not failures:
            # The annotations are there, and another manifest may show the page.
            for failure in trying(page, "iiif", "read", lambda: self._add_canvas(page, mirrored)):
                self._store.remark(f"in no manifest: {page.uri}: {failure.error}")

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

    def _add_canvas(self, page: PageText, mirrored: str) -> None:
        size = page.width_px, page.height_px
        annotations, canvas = addresses_of(page, self._config.iiif_base, mirrored)
        image, media_type = page.address or page.uri, MEDIA_TYPES[".jpg"]
        if not is_address(image):
            data, ending = read_image_file(page, _FOR_BROWSERS)
            path = f"{mirrored}{ending}"
            self._store.write(f"iiif/{path}", data, page.uri)
            image, media_type = f"{self._base}/{quote(path)}", MEDIA_TYPES[ending]
        label = page.label or page.image_name
        canvas_px = page.canvas_px if all(page.canvas_px) else size
        self._canvases.append(
            Canvas(canvas, label, image, media_type, size, canvas_px, annotations)
        )
