"""From pages to line images and training examples."""

from __future__ import annotations

import hashlib

import apache_beam as beam
import numpy as np

from model.crop import crop_lines, fit_to_image
from model.examples import to_example
from model.image import decode_image
from pipelines.transforms.files import read_bytes
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, LineExample, LineImage, Page, PageDone


class CutExamples(beam.PTransform):
    """Cut every line of a page into a training example.

    Args:
        line_height_px: Height of the strips.
    """

    def __init__(self, line_height_px: int):
        super().__init__()
        self._line_height_px = line_height_px

    def expand(self, pages):
        return pages | RouteByType(
            cut_examples, (LineExample, Failure, PageDone), self._line_height_px
        )


def open_page(uri: str) -> tuple[np.ndarray, str]:
    """Read and decode a page image.

    Returns:
        uint8 [height, width], and the file's SHA-256 in hex.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it does not decode.
    """
    data = read_bytes(uri)
    return decode_image(data), hashlib.sha256(data).hexdigest()


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
    if not page.lines:
        return [Failure(page.uri, "find", "page has no lines; take it out if it is blank")]
    try:
        page = fit_to_image(page, grey)
    except ValueError as error:
        return [Failure(page.uri, "crop", str(error))]
    height, width = grey.shape
    done = PageDone(page.uri, sha256, width, height, page.source, len(page.lines))
    return [done, *crop_lines(page, grey, line_height_px)]


def cut_examples(page: Page, line_height_px: int) -> list[LineExample | Failure | PageDone]:
    """Cut a page into training examples.

    Args:
        page: The page, with its split.
        line_height_px: Height of the strips.

    Returns:
        A `PageDone`, and an example or a failure for each line; or one failure of the
        whole page.
    """
    try:
        grey, sha256 = open_page(page.uri)
    except (OSError, ValueError) as error:
        return [Failure(page.uri, "read", str(error))]
    return [
        to_example(record, page) if isinstance(record, LineImage) else record
        for record in cut_page(page, grey, sha256, line_height_px)
    ]
