"""From a page image to the files that say where its lines are."""

from __future__ import annotations

from dataclasses import dataclass, field

import apache_beam as beam

from model.pictures.lines import lines_jpeg
from model.segmentation.finder import default_line_network, find_lines
from pipelines.files.filesystem import write_bytes
from pipelines.files.mirror import mirrored_name
from pipelines.files.output import discard
from pipelines.files.web import FetchConfig
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_found_lines
from pipelines.pages.fetched import fetched_page, is_no_image, read_failure
from pipelines.pages.image import open_page
from pipelines.transforms.routing import RouteByType
from schemas.features import FOUND_SOURCE
from schemas.records import Failure, Page, PageDone, PageSource, Skipped


@dataclass(frozen=True)
class FindConfig:
    """What is written of a page, and where.

    Attributes:
        output: Folder that holds the folders `page` and `show`.
        origin: What the files say of where the lines come from.
        show: Whether a picture is drawn, too.
        fetch: How to ask for things on the web.
    """

    output: str
    origin: Origin
    show: bool = False
    fetch: FetchConfig = field(default_factory=FetchConfig)


class FindLines(beam.PTransform):
    """Read page images, find their lines and write them.

    Args:
        config: What and where.
        folder: Start of the pages' URIs that the output leaves out, as a singleton.
    """

    def __init__(self, config: FindConfig, folder: beam.pvalue.AsSingleton):
        super().__init__()
        self._arguments = config, folder

    def expand(self, sources):
        return sources | RouteByType(write_lines_of, (PageDone, Failure, Skipped), *self._arguments)


def write_lines_of(
    source: PageSource, config: FindConfig, folder: str
) -> list[PageDone | Failure | Skipped]:
    """Read a page image, find its lines and write its files, all of them or none.

    Args:
        source: The page.
        config: What and where.
        folder: Start of the URI that the output leaves out, with its '/'.

    Returns:
        One record: what became of the page. One without lines is done, too.
    """
    uri = source.uri
    if is_no_image(source):
        return [Skipped(uri, "no image")]
    try:
        grey, sha256 = open_page(fetched_page(source, config.fetch))
    except (OSError, ValueError) as error:
        return [read_failure(uri, error)]
    height_px, width_px = grey.shape
    lines = find_lines(grey, default_line_network())
    page = Page(uri, lines, width_px, height_px, source=FOUND_SOURCE)
    mirrored = mirrored_name(uri, folder)
    try:
        files = {f"{config.output}/page/{mirrored}.xml": write_found_lines(page, config.origin)}
        if config.show:
            files[f"{config.output}/show/{mirrored}.jpg"] = lines_jpeg(grey, lines)
        _write_all(files)
    except (OSError, ValueError) as error:
        return [Failure(uri, "write", str(error))]
    return [PageDone(uri, sha256, width_px, height_px, page.source, len(lines))]


def _write_all(files: dict[str, bytes]) -> None:
    try:
        for path, data in files.items():
            write_bytes(path, data)
    except OSError:
        for path in files:
            discard(path)
        raise
