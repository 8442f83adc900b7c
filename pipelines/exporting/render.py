"""A page, or the pages of a document, as a file of each format."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.exporting.config import ExportConfig
from pipelines.formats.alto.write import write_alto
from pipelines.formats.hocr.write import write_hocr
from pipelines.formats.iiif.annotations import write_annotations
from pipelines.formats.markdown import write_markdown
from pipelines.formats.page_text import STORED, Origin, PageText, as_stored
from pipelines.formats.page_xml.write import write_page
from pipelines.formats.pdf.metadata import PdfFacts
from pipelines.formats.pdf.picture import Picture
from pipelines.formats.pdf.taken_page import TakenPage
from pipelines.formats.pdf.write import write_pdf
from pipelines.formats.plain_text import write_text
from pipelines.formats.tei.write import write_tei

# Formats with points that programs lay on the image; a PDF and a canvas show it turned.
_WITH_POINTS = ("page", "alto", "hocr", "tei")


def render(
    page: PageText,
    name: str,
    picture: Picture | TakenPage | None,
    mirrored: str,
    config: ExportConfig,
    origin: Origin,
) -> bytes:
    """Return the file of a page in one format.

    Args:
        page: A normalised page, as shown.
        name: The format.
        picture: The picture of the page, for the PDF.
        mirrored: Path of the page's file in the folder of the format, without extension.
        config: The settings of the formats.
        origin: Where the text comes from.

    Raises:
        ValueError: If the page cannot be written in this format.
    """
    if name in _WITH_POINTS and config.frame == STORED:
        page = as_stored(page)
    if name == "page":
        target = config.taken_by
        version = target.page_version or config.page_version
        return write_page(page, origin, version, nests_tables=target.nests_tables)
    if name == "alto":
        return write_alto(page, origin, with_all_types=config.taken_by.takes_many_types)
    if name == "hocr":
        return write_hocr(page, origin)
    if name == "text":
        return write_text(page)
    if name == "iiif":
        return write_annotations(page, config.iiif_base, mirrored)
    title = " ".join(filter(None, [page.image_name, page.label]))
    if name == "pdf":
        return write_pdf(page, picture, pdf_facts(title, config, origin))
    return render_document([page], name, title, config, origin)


def pdf_facts(title: str, config: ExportConfig, origin: Origin) -> PdfFacts:
    """Return what a PDF says of itself."""
    return PdfFacts(title, origin.software, origin.created, config.language)


def render_document(
    pages: Sequence[PageText], name: str, title: str, config: ExportConfig, origin: Origin
) -> bytes:
    """Return the file of several pages in one format of text that can hold them.

    Args:
        pages: Normalised pages, in order.
        name: 'text', 'markdown' or 'tei'.
        title: Title of the document.
        config: The settings of the formats.
        origin: Where the text comes from.
    """
    if name == "text":
        # A form feed is the usual mark of a new page.
        return b"\f".join(map(write_text, pages))
    if name == "markdown":
        return write_markdown(pages, title if len(pages) > 1 else "")
    framed = map(as_stored, pages) if config.frame == STORED else pages
    return write_tei(list(framed), title, origin, config.language)
