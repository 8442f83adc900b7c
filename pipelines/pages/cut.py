"""From pages to line images."""

from __future__ import annotations

import numpy as np

from model.dataset.splits import page_uri_of
from model.line_images.crop import crop_lines, fit_to_image, paper_outside
from model.segmentation.finder import default_line_network, find_lines
from pipelines.formats.tables.kraken_arrow import CUT_OUT
from schemas.features import CUT_SOURCE, FOUND_SOURCE
from schemas.records import Failure, LineImage, Page, PageDone


def found_page(uri: str, grey: np.ndarray) -> Page:
    """Find the lines of a page.

    Args:
        uri: The page.
        grey: uint8 [height_px, width_px], its image.

    Returns:
        The page with its size and its lines in reading order; a blank one has none.
    """
    height_px, width_px = grey.shape
    lines = find_lines(grey, default_line_network())
    return Page(uri, lines, width_px, height_px, source=FOUND_SOURCE)


def cut_page(
    page: Page, grey: np.ndarray, sha256: str, line_height_px: int
) -> list[LineImage | Failure | PageDone]:
    """Cut out the lines of a page and say that the page is done.

    Args:
        page: The page.
        grey: uint8 [height, width], its image.
        sha256: Digest of the image file.
        line_height_px: Height of the strips.

    Returns:
        A `PageDone`, and a line image or a failure for each line; or one failure of the
        whole page.
    """
    # Where nobody says that there are lines, a page without any is a blank one.
    if not page.lines and page.source != FOUND_SOURCE:
        return [Failure(page.uri, "find", "page has no lines; take it out if it is blank")]
    try:
        page = fit_to_image(page, grey)
    except ValueError as error:
        return [Failure(page.uri, "crop", str(error))]
    if page.source == "kraken_arrow" and page.lines[0].kind == CUT_OUT:
        grey = paper_outside(grey)
    height, width = grey.shape
    done = PageDone(page.uri, sha256, width, height, page.source, len(page.lines))
    if page.source == CUT_SOURCE:
        return [done, _as_it_is(page, grey, line_height_px)]
    return [done, *crop_lines(page, grey, line_height_px)]


def _as_it_is(page: Page, strip: np.ndarray, line_height_px: int) -> LineImage | Failure:
    """Take the strip of another dataset of ours: cutting it again would blur it."""
    (line,) = page.lines
    of_page = page_uri_of(page)
    if strip.shape[0] != line_height_px:
        error = f"line is {strip.shape[0]} px high; ingest with --line_height_px {strip.shape[0]}"
        return Failure(of_page, "crop", error, line.line_id)
    return LineImage(of_page, line, strip)
