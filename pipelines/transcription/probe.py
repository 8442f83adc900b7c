"""Sort pages by whether they can be opened, without reading their pixels."""

from __future__ import annotations

from dataclasses import dataclass

import apache_beam as beam
from PIL import Image

from pipelines.archive.page_keys import known_keys, name_key
from pipelines.decoding.images import count_pages
from pipelines.files.filesystem import BeamFiles
from pipelines.files.key_set import key_of
from pipelines.formats.addresses import is_address
from pipelines.formats.names import file_of, is_paged
from pipelines.pages.fetched import skip_reason
from pipelines.transforms.routing import RouteByType
from schemas.changes import Change
from schemas.records import Failure, PageSource, Skipped

_READ_AGAIN = (Change.MODEL, Change.FINDER, Change.LINES)


@dataclass(frozen=True)
class ProbedPage:
    """A page that can be opened, judging by the header of its file.

    Attributes:
        source: The page.
        why: Why it would be read: 'new', or a `Change` if earlier runs have read it.
    """

    source: PageSource
    why: str = Change.NEW.value

    @property
    def uri(self) -> str:
        """URI of the page."""
        return self.source.uri


@dataclass(frozen=True)
class KnownPage(ProbedPage):
    """A page that a run has read with this model and preprocessing; it may have changed since."""


class ProbePages(beam.PTransform):
    """Sort pages into those that can be opened, those that cannot, and files that are not pages.

    Args:
        known: File with the keys of pages that were read; empty for none.
    """

    def __init__(self, known: str = ""):
        super().__init__()
        self._known = known

    def expand(self, sources):
        kinds = (ProbedPage, KnownPage, Failure, Skipped)
        return sources | RouteByType(probe_page, kinds, self._known)


class ChooseSample(beam.PTransform):
    """Choose pages pseudo-randomly, by hashes of their URIs: the same ones in every run.

    Args:
        count: Number of pages.
    """

    def __init__(self, count: int):
        super().__init__()
        self._count = count

    def expand(self, pages):
        return pages | beam.combiners.Top.Of(self._count, key=lambda page: key_of(page.uri))


def probe_page(source: PageSource, known: str = "") -> list[ProbedPage | Failure | Skipped]:
    """Open a page's file and read its header.

    Args:
        source: The page; nothing is requested from the web.
        known: As for `ProbePages`.

    Returns:
        One record: the page, why it cannot be opened, or that it is not an image.
    """
    page = _page(source, known)
    if reason := skip_reason(source):
        return [Skipped(source.uri, reason)]
    if source.fault:
        return [Failure(source.uri, "read", source.fault)]
    if is_address(source.addresses[0]):
        return [page]
    file_uri = file_of(source.location)
    try:
        with BeamFiles().open(file_uri) as file:
            if source.page_count:
                return [page]
            if is_paged(file_uri):
                count_pages(file)
            else:
                Image.open(file).close()
    # Pillow raises errors of many types for invalid headers.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return [Failure(source.uri, "read", f"{error}; check the file")]
    return [page]


def _page(source: PageSource, known: str) -> ProbedPage:
    keys = known_keys(known)
    if name_key(source.uri, "") in keys:
        return KnownPage(source)
    found = (why.value for why in _READ_AGAIN if name_key(source.uri, why.value) in keys)
    return ProbedPage(source, next(found, Change.NEW.value))
