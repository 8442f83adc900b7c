"""The bytes of a page's image: from a file, or from the web with fall-backs."""

from __future__ import annotations

from pipelines.descriptions.strays import is_mask, is_stray
from pipelines.files.filesystem import BeamFiles, read_bytes
from pipelines.files.http_get import Answer, FetchError
from pipelines.files.web import (
    BUSY,
    LARGEST_IMAGE_BYTES,
    FetchConfig,
    failure_kind,
    shared_fetcher,
)
from pipelines.formats.addresses import is_address
from pipelines.formats.names import IMAGE_EXTENSIONS, file_of, split_extension
from schemas.records import Failure, PageSource, SkipReason

# What an image file never begins with: HTML, XML, JSON.
_TEXT_STARTS = (b"<", b"{", b"[")


def is_no_image(source: PageSource) -> bool:
    """Return whether the name of a page is none of an image; what a manifest lists is meant.

    Example:
        >>> is_no_image(PageSource("d/x.md", ("d/x.md",)))
        True
        >>> is_no_image(PageSource("https://example.org/1", ("https://example.org/1",)))
        False
    """
    if is_remote(source):
        return False
    file_uri = file_of(source.addresses[0])
    return is_stray(file_uri) or split_extension(file_uri)[1] not in IMAGE_EXTENSIONS


def skip_reason(source: PageSource) -> SkipReason | None:
    """Return why a file that only lies beside pages is left out; None for a page.

    Example:
        >>> skip_reason(PageSource("d/._x.png", ("d/._x.png",))).name
        'STRAY'
    """
    if is_no_image(source):
        return SkipReason.STRAY if is_stray(file_of(source.addresses[0])) else SkipReason.NO_IMAGE
    if not is_remote(source) and is_mask(file_of(source.addresses[0]), BeamFiles()):
        return SkipReason.MASK
    return None


def is_remote(source: PageSource) -> bool:
    """Whether the image of a page has to be fetched, or cannot be, rather than opened."""
    return bool(source.fault) or is_address(source.addresses[0])


def read_failure(uri: str, error: Exception) -> Failure:
    """Return the failure of a page that could not be read; a later try may succeed."""
    kind, attempts = failure_kind(error)
    return Failure(uri, "read", str(error), attempts=attempts, kind=kind)


def read_page_bytes(source: PageSource, config: FetchConfig) -> tuple[bytes, str]:
    """Read the image file of a page.

    Args:
        source: The page; of a file of several the whole file would be read.
        config: How to ask for things on the web.

    Returns:
        (file, which of its addresses gave it). It may still turn out to be no image.

    Raises:
        OSError: If it cannot be read; a `FetchError` where it is on the web or its source
            has a fault.
    """
    if source.fault:
        raise FetchError(source.fault, source.is_transient, source.attempts)
    if not is_address(source.addresses[0]):
        return read_bytes(source.addresses[0]), source.addresses[0]
    failed: list[FetchError] = []
    for address in source.addresses:
        try:
            answer = shared_fetcher(config).fetch(address, LARGEST_IMAGE_BYTES)
            return _image(answer, address), address
        except FetchError as error:
            failed.append(error)
            # A server that is busy is not asked for the other addresses.
            if error.status in BUSY:
                break
    raise _together(failed)


def _image(answer: Answer, address: str) -> bytes:
    start = answer.data[:1024].lstrip()
    if not start:
        raise FetchError(f"{address}: answer is empty; check the address")
    if start.startswith(_TEXT_STARTS):
        kind = answer.content_type
        raise FetchError(f"{address}: answer is {kind or 'text'}, no image; check the address")
    return answer.data


def _together(failed: list[FetchError]) -> FetchError:
    """Join the errors of all addresses; the page may be there later if one of them may."""
    return FetchError(
        "; ".join(map(str, failed)),
        any(error.is_transient for error in failed),
        sum(error.attempts for error in failed),
        failed[-1].status,
    )
