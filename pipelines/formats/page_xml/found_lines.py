"""A page whose lines were found but not read, as PAGE XML: a page to bytes."""

from __future__ import annotations

from pipelines.formats.page_text import Origin, PageText, settle
from pipelines.formats.page_xml.write import write_page
from schemas.records import Page, Transcript


def write_found_lines(page: Page, origin: Origin) -> bytes:
    """Write a page with lines that nobody has read as PAGE XML.

    Args:
        page: The page with its size; coordinates are rounded to whole pixels.
        origin: Where the lines come from.

    Returns:
        The file; no line of it has a TextEquiv.

    Raises:
        ValueError: If the page has no size or a name that XML cannot hold.
    """
    lines = tuple(Transcript(page.uri, line, "", 0.0) for line in page.lines)
    settled = settle(PageText(page.uri, page.width_px, page.height_px, lines))
    return write_page(settled, origin, with_text=False)
