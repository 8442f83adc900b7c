"""From pages to line images and training examples."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import apache_beam as beam
import numpy as np

from model.dataset.examples import ExampleRules, to_example
from model.dataset.fingerprint import exact_key
from model.dataset.leaks import line_fact
from model.dataset.splits import page_uri_of
from model.images.decode import decode_image
from model.images.dpi import page_dpi
from model.images.pages import count_pages, decode_page, digest_of_pixels
from model.line_images.crop import crop_lines, fit_to_image
from model.line_images.masked import paper_outside
from pipelines.files.filesystem import BeamFiles, read_bytes
from pipelines.formats.kraken_arrow import CUT_OUT
from pipelines.formats.names import is_paged, page_uri, split_page_uri
from pipelines.transforms.routing import RouteByType
from schemas.features import CUT_SOURCE, FOUND_SOURCE
from schemas.records import Failure, LineExample, LineFact, LineImage, Page, PageDone


@dataclass(frozen=True)
class CutConfig:
    """How pages become examples.

    Attributes:
        line_height_px: Height of the strips.
        rules: What a line must be to become an example.
    """

    line_height_px: int = 64
    rules: ExampleRules = field(default_factory=ExampleRules)


class CutExamples(beam.PTransform):
    """Cut every line of a page into a training example.

    Args:
        config: How.
    """

    def __init__(self, config: CutConfig):
        super().__init__()
        self._config = config

    def expand(self, pages):
        kinds = (LineExample, LineFact, Failure, PageDone)
        return pages | RouteByType(cut_examples, kinds, self._config)


@dataclass(frozen=True, eq=False)
class PageImage:
    """A page image that was read, to be decoded if it is wanted.

    Attributes:
        sha256: Digest of the file in hex; of the pixels where the page is one of several in
            it, so that two such pages are not taken for one image.
        decode: Gives uint8 [height, width], or raises a ValueError.
        dpi: Given the width in pixels, gives the resolution that the file states, or None.
    """

    sha256: str
    decode: Callable[[], np.ndarray]
    dpi: Callable[[int], float | None]


def read_image(page: Page) -> PageImage:
    """Read a page image.

    Args:
        page: A page whose image is a file or a page of one, or comes with it.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is a page of several that does not decode, or one of several pages
            and none is named.
    """
    file_uri, number = split_page_uri(page.uri)
    if number is not None and not page.image:
        # The file is read where the page lies, not whole: it may have hundreds.
        with BeamFiles().open(file_uri) as file:
            grey = decode_page(file, number)
        return PageImage(digest_of_pixels(grey), lambda: grey, partial(_dpi, file_uri, number))
    data = page.image or read_bytes(page.uri)
    file = io.BytesIO(data)
    decode = partial(decode_image, data)
    # What comes from the web may be of any kind, whatever it is called.
    if page.image or is_paged(page.uri):
        page_count = count_pages(file)
        if page_count > 1:
            raise ValueError(_which_of_several(page, page_count))
        decode = partial(decode_page, file, 1)
    return PageImage(exact_key(data), decode, lambda width_px: page_dpi(file, None, width_px))


def _which_of_several(page: Page, page_count: int) -> str:
    if page.image:
        return (
            f"image is a PDF or TIFF of {page_count} pages; download it and give the file, or "
            "give an image for each page"
        )
    return f"file has {page_count} pages; name one of them, as in {page_uri(page.uri, 1)}"


def _dpi(file_uri: str, number: int, width_px: int) -> float | None:
    with BeamFiles().open(file_uri) as file:
        return page_dpi(file, number, width_px)


def open_page(page: Page) -> tuple[np.ndarray, str]:
    """Read and decode a page image.

    Args:
        page: As for `read_image`.

    Returns:
        uint8 [height, width], and its SHA-256.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it does not decode, or is a file of several pages and none is named.
    """
    image = read_image(page)
    return image.decode(), image.sha256


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


def cut_examples(
    page: Page, config: CutConfig
) -> Iterator[LineExample | LineFact | Failure | PageDone]:
    """Cut a page into training examples.

    Args:
        page: The page, with its split.
        config: How.

    Yields:
        A `PageDone`, and for each line an example and its fact, or a failure; or one
        failure of the whole page.
    """
    try:
        grey, sha256 = open_page(page)
    except (OSError, ValueError) as error:
        yield Failure(page.uri, "read", str(error))
        return
    for record in cut_page(page, grey, sha256, config.line_height_px):
        if not isinstance(record, LineImage):
            yield record
            continue
        example = to_example(record, page, config.rules)
        yield example
        if isinstance(example, LineExample):
            yield line_fact(record, page.split, sha256)


def _as_it_is(page: Page, strip: np.ndarray, line_height_px: int) -> LineImage | Failure:
    """Take the strip of another dataset of ours: cutting it again would blur it."""
    (line,) = page.lines
    of_page = page_uri_of(page)
    if strip.shape[0] != line_height_px:
        error = f"line is {strip.shape[0]} px high; ingest with --line_height_px {strip.shape[0]}"
        return Failure(of_page, "crop", error, line.line_id)
    return LineImage(of_page, line, strip)
