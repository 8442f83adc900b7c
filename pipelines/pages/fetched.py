"""Read the image file of a page: a local file, or the first of its web addresses that works."""

from __future__ import annotations

from pipelines.descriptions.strays import is_mask
from pipelines.files.filesystem import BeamFiles, read_bytes
from pipelines.files.http_get import Answer, FetchError
from pipelines.files.web import (
    BUSY,
    LARGEST_IMAGE_BYTES,
    LARGEST_MANIFEST_BYTES,
    FetchConfig,
    failure_kind,
    shared_fetcher,
)
from pipelines.formats.addresses import is_address
from pipelines.formats.iiif.service import addresses_by_info, info_address
from pipelines.formats.names import IMAGE_EXTENSIONS, file_of, split_extension
from pipelines.formats.system_files import is_stray
from schemas.records import Failure, PageSource, SkipReason

# How services refuse a size that they do not give: by the specification, with 400.
_REFUSED = (400, 403, 404, 413, 414, 422, 501)
# HTML, XML and JSON start with these; no image file does.
_TEXT_STARTS = (b"<", b"{", b"[")


def is_no_image(source: PageSource) -> bool:
    """Whether a page is a file that is not an image; a page on the web always counts as one.

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
    if source.skipped:
        return SkipReason(source.skipped)
    if is_no_image(source):
        return SkipReason.STRAY if is_stray(file_of(source.addresses[0])) else SkipReason.NO_IMAGE
    if not is_remote(source) and is_mask(file_of(source.addresses[0]), BeamFiles()):
        return SkipReason.MASK
    return None


def is_remote(source: PageSource) -> bool:
    """Whether the image of a page is on the web, or has a fault, so that there is no file."""
    return bool(source.fault) or is_address(source.addresses[0])


def read_failure(uri: str, error: Exception) -> Failure:
    """Return the failure of a page that could not be read; its kind says if a retry may help."""
    kind, attempts = failure_kind(error)
    return Failure(uri, "read", str(error), attempts=attempts, kind=kind)


def read_page_bytes(source: PageSource, config: FetchConfig) -> tuple[bytes, str]:
    """Read the image file of a page.

    Args:
        source: The page; of a multi-page file the whole file is read.
        config: How to fetch from the web.

    Returns:
        (file, address that it came from). The file may turn out not to be an image.

    Raises:
        OSError: If it cannot be read; a `FetchError` if it is on the web or its source has a
            fault.
    """
    if source.fault:
        raise FetchError(source.fault, source.is_transient, source.attempts)
    if not is_address(source.addresses[0]):
        return read_bytes(source.addresses[0]), source.addresses[0]
    failed: list[FetchError] = []
    waiting = list(source.addresses)
    while waiting:
        address = waiting.pop(0)
        try:
            answer = shared_fetcher(config).fetch(address, LARGEST_IMAGE_BYTES)
            return _checked_image(answer, address), address
        except FetchError as error:
            failed.append(error)
            # A busy server is not asked for the other addresses.
            if error.status in BUSY:
                break
            # Only what the manifest led to: what the description gives is tried once.
            if error.status in _REFUSED and address in source.addresses:
                asked = {address, *waiting}
                given = _by_service(address, config)
                waiting = [one for one in given if one not in asked] + waiting
    raise _joined_error(failed)


def _by_service(address: str, config: FetchConfig) -> list[str]:
    """List what else to ask of a IIIF service that refused a size, by its own description."""
    info = info_address(address)
    if not info:
        return []
    try:
        answer = shared_fetcher(config).fetch(info, LARGEST_MANIFEST_BYTES)
    except FetchError:
        # The refusal itself is reported, which says more.
        return []
    return addresses_by_info(address, answer.data)


def _checked_image(answer: Answer, address: str) -> bytes:
    start = answer.data[:1024].lstrip()
    if not start:
        raise FetchError(f"{address}: answer is empty; check the address")
    if start.startswith(_TEXT_STARTS):
        kind = answer.content_type
        raise FetchError(f"{address}: answer is {kind or 'text'}, not an image; check the address")
    return answer.data


def _joined_error(failed: list[FetchError]) -> FetchError:
    """Join the errors of all addresses; the result is transient if one of them is."""
    return FetchError(
        "; ".join(map(str, failed)),
        any(error.is_transient for error in failed),
        sum(error.attempts for error in failed),
        failed[-1].status,
    )
