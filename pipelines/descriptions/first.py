"""Read each page once: by its first description, and one row of those with the same image.

Images that nothing describes are failures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType

from pipelines.descriptions.image_files import count_file_pages
from pipelines.descriptions.pairing import (
    Source,
    lone_image_failure,
)
from pipelines.descriptions.reading import ReadConfig, describing_file, read_source
from pipelines.descriptions.strays import is_mask, is_spare_version
from pipelines.descriptions.survey import row_key, second_description
from pipelines.formats.names import (
    page_uri,
)
from pipelines.formats.source import Files
from schemas.records import Failure, Page, Skipped


def read_first_descriptions(
    source: Source,
    config: ReadConfig,
    files: Files,
    surplus: Set[tuple[str, str]],
    repeated: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Page | Failure | Skipped]:
    """Read a source from `pair_files`, except surplus descriptions of an image.

    Args:
        source: Files to read; failures and skipped files pass through.
        config: What to read.
        files: Where the sources are.
        surplus: (image, describing file) of the descriptions to skip.
        repeated: Number of texts of each image that several rows of a table have, by `row_key`.

    Yields:
        A record for each page; one without lines is skipped.
    """
    described_by = describing_file(source)
    seen: set[str] = set()
    for record in read_source(source, config, files):
        if not isinstance(record, Page):
            yield record
        elif (record.uri, described_by) in surplus:
            yield second_description(record.uri, described_by)
        elif repeated and (key := row_key(record, described_by)) in repeated:
            yield _repeated_row(record, described_by, repeated[key], key in seen)
            seen.add(key)
        elif not record.lines:
            yield config.without_lines(record.uri)
        else:
            yield record


def _repeated_row(
    page: Page, described_by: str, text_count: int, is_seen: bool
) -> Page | Failure | Skipped:
    """Return the record of a row whose image other rows have, too."""
    if text_count > 1:
        text = (page.lines[0].text or "")[:40]
        error = (
            f"image has {text_count} different texts in {described_by}, here {text!r}; "
            "keep only the row that is right"
        )
        return Failure(page.uri, "read", error)
    # Images within a table have no name of their own: equal ones are left to the search for leaks.
    if page.image or not is_seen:
        return page
    return Skipped(page.uri, f"another row of {described_by} has the same image and text")


def fail_undescribed(uri: str, described: Set[str], files: Files) -> Iterator[Failure | Skipped]:
    """Find the pages of an image file that no file describes.

    Args:
        uri: The image file.
        described: URIs of its described pages, or its own.
        files: Opens it to count its pages, if it may hold several.

    Yields:
        A failure with the cure: for each such page, or for the whole file if none is described.
        A mask, and a version of an image that has a description, are left out.
    """
    if uri in described:
        return
    if not described and is_mask(uri, files):
        yield Skipped(uri, "mask of the page in the folder above")
        return
    if not described and is_spare_version(uri, files):
        yield Skipped(uri, "another version of a described image")
        return
    try:
        page_count = count_file_pages(uri, files)
    except (OSError, ValueError) as error:
        # Where a page is described, opening it reports the same error.
        if not described:
            yield Failure(uri, "read", str(error))
        return
    if not described:
        yield lone_image_failure(uri, page_count)
        return
    for page in (page_uri(uri, number + 1) for number in range(page_count)):
        if page not in described:
            yield Failure(page, "pair", "no file describes this page; describe it or remove it")
