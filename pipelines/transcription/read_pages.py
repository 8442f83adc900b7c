"""From a page image to its line images: lines given beside it, found, or the whole image."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import lru_cache

import apache_beam as beam

from model.images.digest import exact_key
from model.quality.page import measure_page
from model.segmentation.finder import default_line_network, find_lines
from pipelines.archive.page_keys import RETURNED, UNCHANGED, failing_key, known_keys, page_key
from pipelines.descriptions.detect import NotAPage, read_markup_pages
from pipelines.descriptions.image_files import page_described
from pipelines.descriptions.pairing import markup_candidates
from pipelines.files.filesystem import read_bytes
from pipelines.files.web import FetchConfig
from pipelines.pages.beside import first_markup
from pipelines.pages.cut import cut_page
from pipelines.pages.fetched import fetched_page, is_no_image, read_failure
from pipelines.pages.image import read_image
from pipelines.pages.records import PageLines, PageResult
from pipelines.transcription.time_limit import within_time
from schemas.features import FOUND_SOURCE
from schemas.records import Failure, Line, LineImage, Page, PageDone, PageSource, Skipped

LINE_SOURCES = ("given", "find", "auto", "whole")


@dataclass(frozen=True)
class PageReading:
    """How pages are read.

    Attributes:
        line_source: 'given' takes the lines of the PAGE or ALTO beside a page, 'find' finds
            them, 'auto' takes or else finds them, 'whole' takes the image as one line.
        line_height_px: Height of the strips.
        time_limit_s: Seconds a page may take; 0 for as long as it likes.
        digest: Names model and preprocessing: a page that was read with both is not read
            again.
        known: File of the keys of pages that were read; empty for none.
        fetch: How to ask for things on the web.
    """

    line_source: str
    line_height_px: int
    time_limit_s: float = 0.0
    digest: str = ""
    known: str = ""
    fetch: FetchConfig = field(default_factory=FetchConfig)


class ReadPages(beam.PTransform):
    """Read page images and cut out their lines.

    Args:
        reading: How.
    """

    def __init__(self, reading: PageReading):
        super().__init__()
        self._reading = reading

    def expand(self, sources):
        return sources | "Read" >> beam.Map(read_page, self._reading)


def read_page(source: PageSource, reading: PageReading) -> PageLines | PageResult:
    """Read a page image and cut out its lines.

    Args:
        source: The page.
        reading: How.

    Returns:
        The page with its lines; or what became of it, if there are none to be read.
    """
    started = time.monotonic()
    uri = source.uri
    if is_no_image(source):
        is_known = page_key(uri, "", "", reading.digest) in known_keys(reading.known)
        skipped = Skipped(uri, UNCHANGED if is_known else "no image")
        return PageResult(_or_returned(skipped, source, reading), source=source)
    try:
        # To wait for a server that is busy is not to hang.
        page = fetched_page(source, reading.fetch)
        if page.address:
            # Of several the one that gave the image, for whoever asks for it again.
            source = replace(source, addresses=(page.address,))
        result = within_time(reading.time_limit_s, _read, page, reading)
        if isinstance(result, PageResult):
            result = replace(result, outcome=_or_returned(result.outcome, source, reading))
    except (OSError, ValueError) as error:
        result = PageResult(read_failure(uri, error))
    return replace(result, seconds=time.monotonic() - started, source=source)


def _or_returned(
    outcome: Failure | Skipped, source: PageSource, reading: PageReading
) -> Failure | Skipped:
    """Tell of an unchanged page whether it, or its document, failed since it was read."""
    if outcome != Skipped(source.uri, UNCHANGED):
        return outcome
    names = filter(None, (source.uri, source.document))
    is_returned = any(failing_key(name) in known_keys(reading.known) for name in names)
    return replace(outcome, reason=RETURNED) if is_returned else outcome


def _read(read: Page, reading: PageReading) -> PageLines | PageResult:
    uri = read.uri
    image = read_image(read)
    # Nothing lies beside what is on the web.
    given, lines_sha256 = (None, "") if read.image else _given_page(uri, reading.line_source)
    if page_key(uri, image.sha256, lines_sha256, reading.digest) in known_keys(reading.known):
        return PageResult(Skipped(uri, UNCHANGED))
    grey = image.decode()
    page = given or _found_page(uri, grey, reading.line_source)
    done, *lines = cut_page(page, grey, image.sha256, reading.line_height_px)
    if not isinstance(done, PageDone):
        return PageResult(done)
    images = tuple(line for line in lines if isinstance(line, LineImage))
    return PageLines(
        replace(done, lines_sha256=lines_sha256),
        images,
        tuple(line for line in lines if isinstance(line, Failure)),
        measure_page(grey, [line.line for line in images]),
        image.dpi(grey.shape[1]) or 0.0,
    )


def _found_page(uri: str, grey, line_source: str) -> Page:
    if line_source == "whole":
        return Page(uri, (Line("line", 0),), source="whole")
    if line_source == "given":
        raise ValueError("no PAGE or ALTO file beside it; add one, or run with --lines find")
    return Page(uri, find_lines(grey, default_line_network()), source=FOUND_SOURCE)


def _given_page(uri: str, line_source: str) -> tuple[Page | None, str]:
    if line_source not in ("given", "auto"):
        return None, ""
    candidates = iter(markup_candidates(uri))
    # What a candidate describes may be another page of the file; then the next is asked.
    while (markup_uri := first_markup(candidates, uri)) is not None:
        data = read_bytes(markup_uri)
        try:
            page = page_described(uri, markup_uri, _described_pages(data))
        except NotAPage:
            continue
        except ValueError as error:
            raise ValueError(f"{markup_uri}: {error}") from None
        if page is not None:
            page = Page(uri, page.lines, page.width_px, page.height_px, page.source)
            return page, exact_key(data)
    return None, ""


# One file may describe hundreds of pages, which come one after the other.
@lru_cache(maxsize=1)
def _described_pages(data: bytes) -> tuple[Page | Failure, ...]:
    return tuple(read_markup_pages(data))
