"""Find the lines of a page image, and write them to files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import apache_beam as beam

from model.pictures.lines import lines_jpeg
from pipelines.cli.processes import current_workers
from pipelines.files.filesystem import write_bytes
from pipelines.files.mirror import mirrored_name
from pipelines.files.output import discard
from pipelines.files.web import FetchConfig
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_found_lines
from pipelines.pages.cut import found_page
from pipelines.pages.fetched import skip_reason
from pipelines.pages.image import PageImage, use_image
from pipelines.transforms.in_processes import InProcesses, call_each
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, Page, PageDone, PageSource, Skipped

_PAGES_AT_ONCE = 2


@dataclass(frozen=True)
class FindConfig:
    """What to write for a page, and where.

    Attributes:
        output: Folder that contains the folders `page` and `show`.
        origin: Origin of the lines, as stated in the files.
        show: Whether to draw a picture, too.
        fetch: How to fetch from the web.
        time_limit_s: Seconds a page may take; 0 for no limit.
    """

    output: str
    origin: Origin
    show: bool = False
    fetch: FetchConfig = field(default_factory=FetchConfig)
    time_limit_s: float = 0.0


class FindLines(beam.PTransform):
    """Read page images, find their lines and write them.

    Args:
        config: What to write and where.
        folder: Common folder of the pages' URIs, which names in the output omit; a side input.
    """

    def __init__(self, config: FindConfig, folder: beam.pvalue.AsSingleton):
        super().__init__()
        self._arguments = config, folder

    def expand(self, sources):
        kinds = PageDone, Failure, Skipped
        if current_workers() is None:
            return sources | RouteByType(write_lines_of, kinds, *self._arguments)
        arguments = write_lines_of, *self._arguments
        return sources | InProcesses(call_each, _PAGES_AT_ONCE, arguments, into=kinds)


def write_lines_of(
    source: PageSource, config: FindConfig, folder: str
) -> list[PageDone | Failure | Skipped]:
    """Read a page image, find its lines and write its files, either all or none.

    Args:
        source: The page.
        config: What to write and where.
        folder: Start of the URI that names in the output omit, up to and including a '/'.

    Returns:
        One record: the page as done, failed or skipped. A page without lines is done, too.
    """
    if reason := skip_reason(source):
        return [Skipped(source.uri, reason)]
    find = partial(_find, source.uri)
    found, _ = use_image(source, find, config.fetch, config.time_limit_s)
    if isinstance(found, Failure):
        return [found]
    image, page = found
    mirrored = mirrored_name(page.uri, folder)
    try:
        files = {f"{config.output}/page/{mirrored}.xml": write_found_lines(page, config.origin)}
        if config.show:
            files[f"{config.output}/show/{mirrored}.jpg"] = lines_jpeg(image.grey, page.lines)
        _write_all(files)
    except (OSError, ValueError) as error:
        return [Failure(page.uri, "write", str(error))]
    size_px = page.width_px, page.height_px
    return [PageDone(page.uri, image.sha256, *size_px, page.source, len(page.lines))]


def _find(uri: str, image: PageImage) -> tuple[PageImage, Page]:
    return image, found_page(uri, image.grey)


def _write_all(files: dict[str, bytes]) -> None:
    try:
        for path, data in files.items():
            write_bytes(path, data)
    except OSError:
        for path in files:
            discard(path)
        raise
