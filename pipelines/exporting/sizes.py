"""How large the files of a page are in other formats, without writing them."""

from __future__ import annotations

from datetime import datetime, timezone

from pipelines.exporting.picture import read_picture
from pipelines.formats.alto.write import write_alto
from pipelines.formats.page_text import Origin, PageText, normalise_page
from pipelines.formats.pdf.write import write_pdf
from pipelines.pages.records import PageResult
from schemas import VERSION
from schemas.records import PageDone


def export_bytes(result: PageResult) -> tuple[int, int]:
    """Return how large a page is as ALTO and as searchable PDF.

    Args:
        result: A page that was transcribed.

    Returns:
        Bytes of ALTO and of PDF; 0 for a page, or a format, that cannot be written.
    """
    done, source = result.outcome, result.source
    if not isinstance(done, PageDone):
        return 0, 0
    page = PageText(
        done.uri,
        done.width_px,
        done.height_px,
        tuple(line.transcript for line in result.lines),
        done.sha256,
        source.addresses[0] if source and source.addresses else "",
        source.canvas_px if source else (0, 0),
        result.dpi,
    )
    origin = Origin(f"Quire {VERSION}", datetime.now(timezone.utc))
    alto = pdf = b""
    try:
        page = normalise_page(page)
        alto = write_alto(page, origin)
        pdf = write_pdf(page, read_picture(page))
    # Such a page is a failure of export, too.
    except (OSError, ValueError):
        return len(alto), len(pdf)
    return len(alto), len(pdf)
