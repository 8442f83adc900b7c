"""From paired-up files to pages: read each with its format, find its image, place it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

from model.splits import document_of, official_split
from pipelines.formats.detect import NotAPage, container_of, read_container, read_markup
from pipelines.formats.iam_files import lines_index_beside
from pipelines.formats.pairing import (
    ContainerFile,
    LoneImage,
    LoneText,
    MarkupFile,
    PairFiles,
    Source,
    image_candidates,
    lone_text_failure,
)
from pipelines.formats.pairs import read_pair
from pipelines.formats.source import Files
from pipelines.formats.survey import Surveyed, survey_page
from schemas.records import Failure, Page, Skipped


@dataclass(frozen=True)
class ReadConfig:
    """What is read of the input.

    Attributes:
        format_name: 'auto', 'pair', or the format of XML and container files.
        line_kinds: Kinds of lines to read; empty for all.
        region_kinds: Kinds of regions to read the lines of; empty for all.
    """

    format_name: str = "auto"
    line_kinds: tuple[str, ...] = ()
    region_kinds: tuple[str, ...] = ()


def survey_source(
    source: Source, config: ReadConfig, files: Files
) -> Iterator[Surveyed | Failure | Skipped]:
    """Survey what `pair_files` found.

    Args:
        source: Files to read; failures and skipped files pass through.
        config: What is read.
        files: Where the sources are.

    Yields:
        A record for each page.
    """
    for record in read_source(source, config, files):
        yield survey_page(record, _describing(source)) if isinstance(record, Page) else record


def read_first_descriptions(
    source: Source, config: ReadConfig, files: Files, seconds: Set[tuple[str, str]]
) -> Iterator[Page | Failure | Skipped]:
    """Read what `pair_files` found, but no image's second description.

    Args:
        source: Files to read; failures and skipped files pass through.
        config: What is read.
        files: Where the sources are.
        seconds: (image, describing file) of what is left out.

    Yields:
        A record for each page.
    """
    for record in read_source(source, config, files):
        described_by = _describing(source)
        if isinstance(record, Page) and (record.uri, described_by) in seconds:
            yield Skipped(described_by, f"{record.uri} is described by another file")
        else:
            yield record


def read_source(
    source: Source, config: ReadConfig, files: Files
) -> Iterator[Page | Failure | Skipped]:
    """Read what `pair_files` found.

    Args:
        source: Files to read; failures and skipped files pass through, lone images end here.
        config: What is read.
        files: Where the sources are.

    Yields:
        For each page it with its image, document, official split and the lines that are
        asked for, or why not.
    """
    if isinstance(source, MarkupFile) and not _is_table(source.uri, files):
        yield _selected(_read_markup_file(source.uri, config.format_name, files), config)
    elif isinstance(source, PairFiles):
        yield _read_pair_files(source, files)
    elif isinstance(source, LoneText) and not _is_table(source.uri, files):
        yield lone_text_failure(source.uri)
    elif isinstance(source, (ContainerFile, MarkupFile, LoneText)):
        for record in _read_container_file(source.uri, config.format_name, files):
            yield _selected(record, config)
    elif not isinstance(source, LoneImage):
        yield source


def _is_table(uri: str, files: Files) -> bool:
    """Tell an XML or text file that a container format knows from one that stands alone."""
    try:
        return container_of(uri, files) is not None
    except OSError:
        return False


def _describing(source: Source) -> str:
    return source.text_uri if isinstance(source, PairFiles) else source.uri


def _read_markup_file(uri: str, format_name: str, files: Files) -> Page | Failure | Skipped:
    try:
        page = read_markup(_read_bytes(uri, files), format_name)
    except NotAPage as reason:
        return Skipped(uri, str(reason))
    except (OSError, ValueError) as error:
        return Failure(uri, "read", str(error))
    image_uri = files.first_existing(image_candidates(uri, page.uri))
    if image_uri is None:
        named = page.uri or "with the same name"
        return Failure(uri, "pair", f"image {named} is not beside it; put it there")
    return _place(replace(page, uri=image_uri))


def _read_pair_files(source: PairFiles, files: Files) -> Page | Failure:
    try:
        return _place(read_pair(_read_bytes(source.text_uri, files), source.image_uri))
    except (OSError, ValueError) as error:
        return Failure(source.text_uri, "read", str(error))


def _read_container_file(
    uri: str, format_name: str, files: Files
) -> Iterator[Page | Failure | Skipped]:
    try:
        lines = lines_index_beside(uri, files) if format_name == "auto" else None
        if lines:
            yield Skipped(uri, f"{lines} describes the same writing")
            return
        for record in read_container(uri, files, format_name):
            yield _place(record) if isinstance(record, Page) else _of_page(record)
    except (OSError, ValueError) as error:
        yield Failure(uri, "read", str(error))


def _of_page(record: Failure | Skipped) -> Failure | Skipped:
    """Name the place in the file in the URI: a row that cannot be read is a page lost."""
    if isinstance(record, Failure) and record.line_id:
        return replace(record, uri=f"{record.uri}#{record.line_id}", line_id="")
    return record


def _selected(record: Page | Failure | Skipped, config: ReadConfig) -> Page | Failure | Skipped:
    """Keep the lines of the kinds that are asked for."""
    if not isinstance(record, Page) or not (config.line_kinds or config.region_kinds):
        return record
    lines = tuple(
        line
        for line in record.lines
        if (not config.line_kinds or line.kind in config.line_kinds)
        and (not config.region_kinds or line.region_kind in config.region_kinds)
    )
    if not lines:
        return Skipped(record.uri, "no line of the kinds that are asked for")
    return replace(record, lines=lines)


def _place(page: Page) -> Page:
    """Fill in what the folder tells and the description did not."""
    return replace(
        page,
        document=page.document or document_of(page.uri),
        split=page.split or official_split(page.uri),
    )


def _read_bytes(uri: str, files: Files) -> bytes:
    with files.open(uri) as file:
        return file.read()
