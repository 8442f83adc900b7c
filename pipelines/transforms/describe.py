"""From a page image to its line images: lines given beside it, found, or the whole image."""

from __future__ import annotations

from functools import lru_cache

import apache_beam as beam

from model.line_finder import default_line_network, find_lines
from pipelines.formats.detect import NotAPage, read_markup_pages
from pipelines.formats.page_images import page_described
from pipelines.formats.page_uris import file_of
from pipelines.formats.pairing import IMAGE_EXTENSIONS, markup_candidates, split_extension
from pipelines.transforms.cut import cut_page, open_page
from pipelines.transforms.files import first_existing, read_bytes
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, Line, LineImage, Page, PageDone, Skipped

LINE_SOURCES = ("given", "find", "auto", "whole")


class CutLines(beam.PTransform):
    """Read page images and cut out their lines.

    Args:
        line_source: One of `LINE_SOURCES`.
        line_height_px: Height of the strips.
    """

    def __init__(self, line_source: str, line_height_px: int):
        super().__init__()
        self._arguments = line_source, line_height_px

    def expand(self, uris):
        return uris | RouteByType(
            cut_lines, (LineImage, Failure, PageDone, Skipped), *self._arguments
        )


def cut_lines(
    uri: str, line_source: str, line_height_px: int
) -> list[LineImage | Failure | PageDone | Skipped]:
    """Read a page image and cut out its lines.

    Args:
        uri: The image; a page of a file of several with its number.
        line_source: 'given' takes the lines of the PAGE or ALTO beside it, 'find' finds
            them, 'auto' takes or else finds them, 'whole' takes the image as one line.
        line_height_px: Height of the strips.

    Returns:
        A `PageDone`, and a line image or a failure for each line; or one record that says
        why there are none.
    """
    if split_extension(file_of(uri))[1] not in IMAGE_EXTENSIONS:
        return [Skipped(uri, "no image")]
    try:
        grey, sha256 = open_page(Page(uri))
        page = _describe(uri, grey, line_source)
    except (OSError, ValueError) as error:
        return [Failure(uri, "read", str(error))]
    return cut_page(page, grey, sha256, line_height_px)


def _describe(uri: str, grey, line_source: str) -> Page:
    if line_source == "whole":
        return Page(uri, (Line("line", 0),), source="whole")
    given = _given_page(uri) if line_source in ("given", "auto") else None
    if given is not None:
        return given
    if line_source == "given":
        raise ValueError("no PAGE or ALTO file beside it; add one, or run with --lines find")
    return Page(uri, find_lines(grey, default_line_network()), source="finder")


def _given_page(uri: str) -> Page | None:
    candidates = iter(markup_candidates(uri))
    # What a candidate describes may be another page of the file; then the next is asked.
    while (markup_uri := first_existing(candidates)) is not None:
        try:
            page = page_described(uri, markup_uri, _described_pages(read_bytes(markup_uri)))
        except NotAPage:
            continue
        except ValueError as error:
            raise ValueError(f"{markup_uri}: {error}") from None
        if page is not None:
            return Page(uri, page.lines, page.width_px, page.height_px, page.source)
    return None


# One file may describe hundreds of pages, which come one after the other.
@lru_cache(maxsize=1)
def _described_pages(data: bytes) -> tuple[Page | Failure, ...]:
    return tuple(read_markup_pages(data))
