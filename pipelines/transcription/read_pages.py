"""Read a page image and cut out its lines: from a file beside it, found, or the whole image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import apache_beam as beam
import numpy as np

from model.images.digest import exact_key
from model.quality.ink_unread import measure_page_ink
from model.quality.page import measure_page
from pipelines.archive.deaths import being_read, deadly_error
from pipelines.archive.page_keys import (
    content_key,
    failing_key,
    known_keys,
    older_key,
    page_key,
    page_of_file,
)
from pipelines.descriptions.detect import NotAPage, read_markup_pages
from pipelines.descriptions.image_files import page_described
from pipelines.descriptions.pairing import markup_candidates
from pipelines.descriptions.survey import description_rank
from pipelines.files.filesystem import BeamFiles, read_bytes
from pipelines.files.web import FetchConfig
from pipelines.pages.beside import first_markup
from pipelines.pages.cut import cut_page, found_page
from pipelines.pages.fetched import is_remote, skip_reason
from pipelines.pages.image import PageImage, use_image
from pipelines.pages.records import PageLines, PageResult
from schemas.records import (
    Failure,
    Line,
    LineImage,
    Page,
    PageDone,
    PageSource,
    Skipped,
    SkipReason,
)

LINE_SOURCES = ("given", "find", "auto", "whole")


@dataclass(frozen=True)
class PageReading:
    """How pages are read.

    Attributes:
        line_source: 'given' takes the lines from the PAGE or ALTO file beside a page, 'find' finds
            them, 'auto' finds them if there is no such file, 'whole' takes the image as one line.
        line_height_px: Height of the line images.
        time_limit_s: Seconds a page may take; 0 for no limit.
        digest: Identifies model and preprocessing: a page that was read with both is not read
            again.
        known: File with the keys of pages that were read; empty for none.
        fetch: How to fetch from the web.
        roots: Folders of the input, from `input_roots`.
        notes: Folder of notes on what is being read; empty for none.
        deadly: Pages that killed the process that read them, which are not read.
    """

    line_source: str
    line_height_px: int
    time_limit_s: float = 0.0
    digest: str = ""
    known: str = ""
    fetch: FetchConfig = field(default_factory=FetchConfig)
    roots: tuple[str, ...] = ()
    notes: str = ""
    deadly: tuple[str, ...] = ()


class ReadPages(beam.PTransform):
    """Read page images and cut out their lines.

    Args:
        reading: How pages are read.
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
        reading: How pages are read.

    Returns:
        The page with its line images; or its result, if there is nothing to recognise.
    """
    started = time.monotonic()
    if reason := skip_reason(source):
        is_known = page_key(source.uri, "", "", reading.digest) in known_keys(reading.known)
        reason = SkipReason.UNCHANGED if is_known else reason
        outcome = _or_returned(Skipped(source.uri, reason), source, reading)
        return PageResult(outcome, source=source)
    if error := deadly_error(source.uri, reading.deadly):
        return PageResult(Failure(source.uri, "read", error), source=source)
    read = partial(_read, source, reading)
    with being_read(reading.notes, source.uri):
        result, source = use_image(source, read, reading.fetch, reading.time_limit_s)
    if not isinstance(result, PageLines):
        result = PageResult(_or_returned(result, source, reading))
    return replace(result, seconds=time.monotonic() - started, source=source)


def _or_returned(
    outcome: Failure | Skipped, source: PageSource, reading: PageReading
) -> Failure | Skipped:
    """Change the reason of an unchanged page that failed since it was read, or was gone."""
    if not isinstance(outcome, Skipped) or outcome.reason != SkipReason.UNCHANGED:
        return outcome
    names = filter(None, (source.uri, source.document))
    is_returned = any(failing_key(name) in known_keys(reading.known) for name in names)
    return replace(outcome, reason=SkipReason.RETURNED) if is_returned else outcome


def _read(
    source: PageSource, reading: PageReading, image: PageImage
) -> PageLines | Failure | Skipped:
    given, lines_sha256 = None, ""
    # A page on the web has no files beside it.
    if not is_remote(source):
        given, lines_sha256 = _given_page(source, reading)
    if known := _known_page(source.uri, image, lines_sha256, reading):
        return known
    if given and not given.lines and reading.line_source == "auto":
        # Of a blank page, or of one whose lines were not drawn yet.
        given = None
    page = given or _found_page(source.uri, image.grey, reading.line_source)
    frame = image.frame
    done, *lines = cut_page(
        page, frame.grey, image.sha256, reading.line_height_px, frame.orientation
    )
    if not isinstance(done, PageDone):
        return done
    images = tuple(line for line in lines if isinstance(line, LineImage))
    return PageLines(
        replace(
            done,
            lines_sha256=lines_sha256,
            file_sha256="" if image.is_alone else image.file_sha256,
        ),
        images,
        tuple(line for line in lines if isinstance(line, Failure)),
        measure_page(frame.grey, [line.line for line in images], frame.warnings),
        image.dpi or 0.0,
        ink=measure_page_ink(frame.grey, images),
    )


def _known_page(
    uri: str, image: PageImage, lines_sha256: str, reading: PageReading
) -> Skipped | None:
    """Return why a page need not be read; None if it must be."""
    known = known_keys(reading.known)
    if not len(known):
        return None
    for sha256 in image.digests():
        rest = lines_sha256, reading.digest
        if page_key(uri, sha256, *rest) in known:
            return Skipped(uri, SkipReason.UNCHANGED)
        is_file = not image.is_alone and sha256 == image.file_sha256
        content = page_of_file(sha256, uri) if is_file else sha256
        file_sha256 = "" if image.is_alone else image.file_sha256
        digests = "" if is_file else sha256, lines_sha256, file_sha256
        if older_key(uri, sha256, *rest) in known:
            return Skipped(uri, SkipReason.RESTORED, *digests)
        if content_key(content, *rest) in known:
            return Skipped(uri, SkipReason.ALIKE, *digests)
    return None


def _found_page(uri: str, grey: np.ndarray, line_source: str) -> Page:
    if line_source == "whole":
        return Page(uri, (Line("line", 0),), source="whole")
    if line_source == "given":
        raise ValueError(
            "no PAGE or ALTO file beside it, and none of the input describes it; add one, or run "
            "with --lines find"
        )
    return found_page(uri, grey)


def _given_page(source: PageSource, reading: PageReading) -> tuple[Page | None, str]:
    """Return the page as a file describes it, and the digest of that; (None, "") for none."""
    if reading.line_source not in ("given", "auto"):
        return None, ""
    files = BeamFiles(reading.roots)
    descriptions, faults = [], []
    for markup_uri in _descriptions_of(source):
        try:
            found = _page_in(markup_uri, source, files)
        except ValueError as error:
            # Another one may be good, as for ingest.
            faults.append(error)
            continue
        if found is not None:
            rank = description_rank(source.location, markup_uri, len(found[0].lines))
            descriptions.append((rank, found))
            # None goes before it, and to look for others may cost requests.
            if not any(rank[:3]):
                break
    if descriptions:
        return min(descriptions, key=lambda one: one[0])[1]
    if faults:
        raise faults[0]
    return None, ""


def _descriptions_of(source: PageSource) -> Iterator[str]:
    """Yield the files that may describe a page: those of its name, then others that name it."""
    candidates = iter(markup_candidates(source.location))
    while (markup_uri := first_markup(candidates, source.location)) is not None:
        yield markup_uri
    yield from source.described_by


def _page_in(markup_uri: str, source: PageSource, files: BeamFiles) -> tuple[Page, str] | None:
    """Return a page as a file describes it, and the digest of the file; None for another page."""
    data = read_bytes(markup_uri)
    try:
        page = page_described(source.location, markup_uri, _described_pages(data), files)
    except NotAPage:
        return None
    except ValueError as error:
        raise ValueError(f"{markup_uri}: {error}") from None
    if page is None:
        return None
    return Page(source.uri, page.lines, page.width_px, page.height_px, page.source), exact_key(data)


# One file may describe hundreds of pages, which are read one after the other; beside it there may
# be a second one.
@lru_cache(maxsize=2)
def _described_pages(data: bytes) -> tuple[Page | Failure, ...]:
    return tuple(read_markup_pages(data))
