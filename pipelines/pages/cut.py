"""Find the lines of pages, and cut them out as line images."""

from __future__ import annotations

import numpy as np

from model.dataset.splits import page_uri_of
from model.line_images.crop import crop_lines, fit_to_image, paper_outside
from model.segmentation.finder import default_line_network, find_lines
from pipelines.formats.tables.kraken_arrow import CUT_OUT
from schemas.features import CUT_SOURCE, FOUND_SOURCE
from schemas.records import Failure, LineImage, Page, PageDone

# A strip without any darker pixel is empty.
_PAPER = 250


def found_page(uri: str, grey: np.ndarray) -> Page:
    """Return a page with the lines that the line finder finds.

    Args:
        uri: URI of the page.
        grey: uint8 [height_px, width_px], its image.

    Returns:
        The page with its size and its lines in reading order; a blank page has none.
    """
    height_px, width_px = grey.shape
    lines = find_lines(grey, default_line_network())
    return Page(uri, lines, width_px, height_px, source=FOUND_SOURCE)


def cut_page(
    page: Page, grey: np.ndarray, sha256: str, line_height_px: int, orientation: int = 1
) -> list[LineImage | Failure | PageDone]:
    """Cut out the lines of a page and report the page as done.

    Args:
        page: The page.
        grey: uint8 [height, width], its image.
        sha256: Digest of the image file.
        line_height_px: Height of the line images.
        orientation: In which the file stores the pixels, 1 to 8 as in EXIF.

    Returns:
        A `PageDone`, and a line image or a failure for each line; or one failure of the
        whole page.
    """
    try:
        page = fit_to_image(page, grey, orientation)
    except ValueError as error:
        return [Failure(page.uri, "crop", str(error))]
    if page.source == "kraken_arrow" and any(line.kind == CUT_OUT for line in page.lines):
        grey = paper_outside(grey)
    height, width = grey.shape
    done = PageDone(page.uri, sha256, width, height, page.source, len(page.lines))
    if page.source == CUT_SOURCE:
        return [done, _uncut_line(page, grey, line_height_px)]
    lines = crop_lines(page, grey, line_height_px)
    if page.source != FOUND_SOURCE and _are_empty(lines):
        error = (
            f"all {len(lines)} lines are empty where they are described; pair the page with the "
            "right image, or remove it if it is blank"
        )
        return [Failure(page.uri, "crop", error)]
    return [done, *lines]


def _are_empty(lines: list[LineImage | Failure]) -> bool:
    """Return whether nothing is on any strip; a whole image that is empty is left to its text."""
    return bool(lines) and all(
        isinstance(line, LineImage)
        and (line.line.baseline or line.line.polygon)
        and line.strip.min() >= _PAPER
        for line in lines
    )


def _uncut_line(page: Page, strip: np.ndarray, line_height_px: int) -> LineImage | Failure:
    """Use the line image of another Quire dataset unchanged: cutting it again would blur it."""
    (line,) = page.lines
    of_page = page_uri_of(page)
    if strip.shape[0] != line_height_px:
        error = f"line is {strip.shape[0]} px high; ingest with --line_height_px {strip.shape[0]}"
        return Failure(of_page, "crop", error, line.line_id)
    return LineImage(of_page, line, strip)
