"""The image of a page, which is decoded when its pixels are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from model.images.digest import digest_of_pixels, exact_key
from model.images.frame import Frame
from pipelines.decoding.images import SharedFile, count_pages, decode, decode_tint
from pipelines.decoding.pool import await_decoder
from pipelines.files.filesystem import BeamFiles, read_bytes
from pipelines.files.web import FetchConfig
from pipelines.formats.names import is_paged, page_uri, split_page_uri
from pipelines.pages.fetched import is_remote, read_failure, read_page_bytes
from pipelines.pages.time_limit import within_time
from schemas.records import Failure, Page, PageSource

_T = TypeVar("_T")


class PageImage:
    """An opened page image. It is decoded once, when its pixels are first needed.

    Args:
        file_sha256: Digest of the file in hex; may be empty for a page of a multi-page file.
        is_alone: Whether the page is the only one in its file.
        decode: Returns the page and the resolution stated in the file, or None; or raises a
            ValueError.
        data: The file, if it was read whole; else empty.
        decode_tint: Returns its colours, as of `tint`; None where nobody asks for them.
    """

    def __init__(
        self,
        file_sha256: str,
        is_alone: bool,
        decode: Callable[[], tuple[Frame, float | None]],
        data: bytes = b"",
        decode_tint: Callable[[], np.ndarray | None] | None = None,
    ):
        self.file_sha256, self.is_alone, self.data = file_sha256, is_alone, data
        self._decode, self._decode_tint = decode, decode_tint

    @cached_property
    def _decoded(self) -> tuple[Frame, float | None]:
        return self._decode()

    @property
    def frame(self) -> Frame:
        """The page: its pixels, how they are stored, and what was wrong with them.

        Raises:
            OSError: If the file can no longer be read.
            ValueError: If it cannot be decoded.
        """
        return self._decoded[0]

    @property
    def grey(self) -> np.ndarray:
        """The pixels, uint8 [height_px, width_px]; raises as `frame` does."""
        return self.frame.grey

    def tint(self) -> np.ndarray | None:
        """Decode the colours of the page, as of `model.images.colour.tint_of`.

        Returns:
            Those that belong to `grey`; None for a page without colours, and for one that had to
            be repaired or turned from a negative.

        Raises:
            OSError: If the file can no longer be read.
            ValueError: If it cannot be decoded.
        """
        if self._decode_tint is None or self.frame.warnings:
            return None
        found, (height_px, width_px) = self._decode_tint(), self.grey.shape
        half = (height_px + 1) // 2, (width_px + 1) // 2
        return found if found is not None and found.shape[1:] == half else None

    @cached_property
    def sha256(self) -> str:
        """Digest in hex: of the file, or of the pixels if the file holds several pages.

        So two pages of one file have different digests.
        """
        return self.file_sha256 if self.is_alone else digest_of_pixels(self.grey)

    def digests(self) -> Iterator[str]:
        """Yield all digests that identify the image, first those that need no decoding."""
        if self.file_sha256:
            yield self.file_sha256
        if not self.is_alone:
            yield self.sha256

    @property
    def dpi(self) -> float | None:
        """The resolution stated in the file, in dots per inch; None if it states none."""
        return self._decoded[1]


def open_image(source: PageSource, data: bytes = b"") -> PageImage:
    """Open the image of a page.

    Args:
        source: The page.
        data: Its file, if that was fetched already; else the file is read.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is a multi-page file and the URI does not name a page.
    """
    location = source.uri if is_remote(source) else source.location
    file_uri, number = split_page_uri(location)
    if data or number is None:
        # A file from the web may be of any type, whatever its name.
        may_have_several = bool(data) or (is_paged(file_uri) and source.page_count != 1)
        return _open_whole(location, data or read_bytes(file_uri), bool(data), may_have_several)
    # Not the whole file is read, only the parts for this page: it may have hundreds.
    read, read_tint = (partial(one, file_uri, number) for one in (_decode_page, _decode_page_tint))
    return PageImage(source.file_sha256, False, read, decode_tint=read_tint)


def open_described(page: Page) -> PageImage:
    """Open the image of a page in the input of ingest: in a file, or in the record itself.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is a multi-page file and the URI does not name a page.
    """
    return open_image(PageSource(page.uri, (page.uri,)), page.image)


def open_again(uri: str, address: str) -> PageImage:
    """Open the image of a page that was read before.

    Args:
        uri: The page.
        address: Where its image is; empty if that is its URI.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is a multi-page file and the URI does not name a page.
    """
    source = PageSource(uri, (address or uri,))
    data, _ = fetch_remote(source, FetchConfig())
    return open_image(source, data)


def fetch_remote(source: PageSource, config: FetchConfig) -> tuple[bytes, str]:
    """Fetch the image of a page that is on the web; return (b"", "") for one in a file.

    Args:
        source: The page.
        config: How to fetch from the web.

    Returns:
        (file, address that it came from).

    Raises:
        FetchError: If it cannot be fetched.
    """
    return read_page_bytes(source, config) if is_remote(source) else (b"", "")


def use_image(
    source: PageSource,
    use: Callable[[PageImage], _T],
    fetch: FetchConfig,
    time_limit_s: float = 0.0,
) -> tuple[_T | Failure, PageSource]:
    """Open the image of a page and apply a function to it, within the time limit of a page.

    Args:
        source: The page.
        use: Function of the image; if it raises an OSError or ValueError, the page fails.
        fetch: How to fetch from the web; waiting for a busy server does not count as time.
        time_limit_s: Seconds a page may take; 0 for no limit.

    Returns:
        Result of `use`, or why the page failed; and the source, reduced to the address that the
        image came from.
    """
    try:
        data, address = fetch_remote(source, fetch)
        if address:
            source = replace(source, addresses=(address,))
        await_decoder()
        return within_time(time_limit_s, lambda: use(open_image(source, data))), source
    except (OSError, ValueError) as error:
        return read_failure(source.uri, error), source


def _open_whole(uri: str, data: bytes, was_fetched: bool, may_have_several: bool) -> PageImage:
    file = SharedFile(data)
    if may_have_several:
        page_count = count_pages(file)
        if page_count > 1:
            raise ValueError(_several_pages_error(uri, page_count, was_fetched))
    is_alone = partial(decode, file, None, may_have_several or is_paged(uri))
    return PageImage(exact_key(data), True, is_alone, data, partial(decode_tint, file, None))


def _several_pages_error(uri: str, page_count: int, was_fetched: bool) -> str:
    if was_fetched:
        return (
            f"image is a PDF or TIFF of {page_count} pages; download it and give the file, or "
            "give an image for each page"
        )
    return f"file has {page_count} pages; name one of them, as in {page_uri(uri, 1)}"


def _decode_page(uri: str, number: int) -> tuple[Frame, float | None]:
    with BeamFiles().open(uri) as file:
        return decode(file, number, is_paged=True)


def _decode_page_tint(uri: str, number: int) -> np.ndarray | None:
    with BeamFiles().open(uri) as file:
        return decode_tint(file, number)
