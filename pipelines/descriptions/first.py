"""Read each page by its first description."""

from __future__ import annotations

from collections.abc import Iterator, Set

from pipelines.descriptions.pairing import (
    Source,
)
from pipelines.descriptions.reading import ReadConfig, describing_file, read_source
from pipelines.descriptions.survey import second_description
from pipelines.formats.source import Files
from schemas.records import Failure, Page, Skipped


def read_first_descriptions(
    source: Source, config: ReadConfig, files: Files, surplus: Set[tuple[str, str]]
) -> Iterator[Page | Failure | Skipped]:
    """Read a source from `pair_files`, except surplus descriptions of an image.

    Args:
        source: Files to read; failures and skipped files pass through.
        config: What to read.
        files: Where the sources are.
        surplus: (image, describing file) of the descriptions to skip.

    Yields:
        A record for each page.
    """
    for record in read_source(source, config, files):
        described_by = describing_file(source)
        if isinstance(record, Page) and (record.uri, described_by) in surplus:
            yield second_description(record.uri, described_by)
        else:
            yield record
