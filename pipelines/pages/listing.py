"""List the pages of the input: in files, in manifests, and on the web."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import apache_beam as beam
from apache_beam import coders

from model.images.digest import digest_of_file
from pipelines.cli.options import WILD_CARD
from pipelines.cli.places import scheme_fault
from pipelines.decoding.images import count_pages
from pipelines.files.filesystem import (
    BeamFiles,
    first_existing,
    is_left_out,
    list_entries,
    normalised_path,
)
from pipelines.files.match import MatchFiles, match_files
from pipelines.files.web import LARGEST_MANIFEST_BYTES, FetchConfig, failure_kind, shared_fetcher
from pipelines.files.zip_members import archive_fault, is_archive
from pipelines.formats.addresses import clean_address, is_address
from pipelines.formats.iiif.image import WIDTH_PX
from pipelines.formats.iiif.manifest import read_manifest
from pipelines.formats.mets import is_mets, read_mets
from pipelines.formats.names import (
    IMAGE_EXTENSIONS,
    file_of,
    is_paged,
    page_uri,
    split_extension,
    split_page_uri,
)
from pipelines.pages.described import is_markup, pages_described
from pipelines.pages.inputs import PageInputs, lists_pages
from pipelines.pages.names import PageNames
from pipelines.pages.source_coder import PageSourceCoder
from schemas.records import Failure, PageSource, Skipped

_AS_LISTED = PageNames()


@dataclass(frozen=True)
class PagesConfig:
    """How pages are listed and fetched.

    Attributes:
        width_px: Largest width of an image to request from a IIIF service.
        file_group: USE of the fileGrp to read in METS files; empty for the largest images.
        fetch: How to fetch from the web.
    """

    width_px: int = WIDTH_PX
    file_group: str = ""
    fetch: FetchConfig = field(default_factory=FetchConfig)


class ListPages(beam.PTransform):
    """List the pages of the input, each once.

    A manifest that cannot be read becomes one page with a fault.

    Args:
        inputs: From `page_inputs`.
        config: How pages are listed and fetched.
        left_out: Starts of paths that are not listed: those of the files that this run writes, in
            case the output is inside the input.
        names_descriptions: Whether to read which pages the XML files of the input describe.
        names: Names of pages that differ from their paths.
    """

    def __init__(
        self,
        inputs: PageInputs,
        config: PagesConfig,
        left_out: tuple[str, ...] = (),
        names_descriptions: bool = False,
        names: PageNames = _AS_LISTED,
    ):
        super().__init__()
        self._inputs, self._config, self._left_out = inputs, config, left_out
        self._names_descriptions, self._names = names_descriptions, names

    def expand(self, begin):
        files = begin | "Files" >> MatchFiles(self._inputs.patterns, self._left_out)
        manifests = begin | "Manifests" >> MatchFiles(self._inputs.manifests, self._left_out)
        listing = (
            manifests.paths,
            begin | "Addresses" >> beam.Create(self._inputs.addresses),
        ) | "All manifests" >> beam.Flatten()
        listed = (
            listing
            | "Each manifest once" >> beam.Distinct()
            | "Read manifests" >> beam.FlatMap(pages_listed, self._config)
        )
        named = (
            begin
            | "Lists" >> beam.Create(self._inputs.lists)
            | "Read lists" >> beam.FlatMap(list_entries)
            | "Each entry once" >> beam.Distinct()
            | "Read entries" >> beam.FlatMap(pages_named, self._config, self._left_out)
        )
        pages = (
            (
                (files.paths, files.unlisted, manifests.unlisted)
                | "Files and unlisted" >> beam.Flatten()
                | "Of files" >> beam.Map(file_source),
                listed,
                named,
            )
            | beam.Flatten()
            # Before duplicates are removed: a manifest may name pages of a file that is given, too.
            | "Pages of files" >> beam.FlatMap(pages_of_file).with_output_types(PageSource)
        )
        described = (
            [self._described(files.paths, manifests.paths)] if self._names_descriptions else []
        )
        return (
            (pages, *described)
            | "With descriptions" >> beam.Flatten()
            | "By name" >> beam.Map(_named, self._names).with_output_types(tuple[str, PageSource])
            | "Each page once" >> beam.GroupByKey()
            | "Sources" >> beam.Values()
            | "Best source" >> beam.FlatMap(best_sources).with_output_types(PageSource)
        )

    def _described(self, *files: beam.PCollection) -> beam.PCollection:
        return (
            files
            | "Files and manifests" >> beam.Flatten()
            | "XML files" >> beam.Filter(is_markup)
            | "Spread XML" >> beam.Reshuffle()
            | "Pages described"
            >> beam.FlatMap(pages_described, BeamFiles(self._inputs.roots)).with_output_types(
                PageSource
            )
        )


def _named(source: PageSource, names: PageNames) -> tuple[str, PageSource]:
    source = names.renamed(source)
    return source.uri, source


def file_source(path: str | Failure | Skipped) -> PageSource:
    """Return a file as a page, or what cannot be listed; an archive only if it cannot be read."""
    if isinstance(path, Failure):
        return PageSource(path.uri, (), fault=path.error)
    if isinstance(path, Skipped):
        return PageSource(path.uri, (path.uri,), skipped=path.reason.value)
    if is_archive(path) and (fault := archive_fault(path)):
        return PageSource(path, (), fault=fault)
    return PageSource(path, (path,))


def best_sources(sources: Iterable[PageSource]) -> list[PageSource]:
    """Join what is known of one page; none where files describe it that is not in the input.

    Example:
        >>> sources = [PageSource("x", ("x",)), PageSource("x", ("x",), described_by=("y",))]
        >>> [source.described_by for source in best_sources(sources)]
        [('y',)]
        >>> best_sources([PageSource("x", ("x",), described_by=("y",))])
        []
    """
    found = list(sources)
    pages = [source for source in found if not source.described_by]
    described_by = sorted(name for source in found for name in source.described_by)
    if not pages:
        return []
    return [replace(best_source(pages), described_by=tuple(described_by))]


def best_source(sources: Iterable[PageSource]) -> PageSource:
    """Return the best of the sources of one page: without a fault, and from a manifest if any.

    Example:
        >>> best_source([PageSource("x", ("x",)), PageSource("x", ("x",), "mets.xml")]).document
        'mets.xml'
    """
    return min(
        sources,
        key=lambda one: (
            bool(one.fault),
            # For a page of a multi-page file that no manifest lists, the document is the file.
            one.document in ("", file_of(one.uri)),
            one.document,
            one.place,
            one.addresses,
        ),
    )


def pages_listed(uri: str, config: PagesConfig) -> Iterator[PageSource]:
    """Yield the pages that a manifest lists.

    Args:
        uri: File or address of the manifest; or the address of an image, or an XML file that is
            not METS, which become a page themselves.
        config: How pages are listed and fetched.

    Yields:
        The pages; a single one with a fault if the manifest cannot be read.
    """
    if is_address(uri) and urlsplit(uri).path.lower().endswith(IMAGE_EXTENSIONS):
        yield file_source(uri)
        return
    try:
        data = _manifest_bytes(uri, config.fetch)
        yield from _pages_in(data, uri, config)
    except (OSError, ValueError, RecursionError) as error:
        yield _fault(uri, error)


def pages_named(
    entry: str, config: PagesConfig, left_out: tuple[str, ...] = ()
) -> Iterator[PageSource]:
    """Yield the pages of an entry of a list.

    Args:
        entry: Any value of --input except a list.
        config: How pages are listed and fetched.
        left_out: As for `ListPages`.

    Yields:
        The pages; a single one with a fault if there are none.
    """
    if fault := scheme_fault(entry):
        yield _fault(entry, ValueError(fault))
        return
    is_plain = not WILD_CARD.search(entry)
    if not is_address(entry) and is_plain and split_extension(entry)[1] in IMAGE_EXTENSIONS:
        # Only opening the page shows whether it exists: a list may have millions of entries.
        yield file_source(normalised_path(entry))
        return
    try:
        paths = [clean_address(entry)] if is_address(entry) else match_files(entry)
        if not paths:
            raise ValueError("no such file or folder, or nothing in it; check the list")
    except (OSError, ValueError) as error:
        yield _fault(entry, error)
        return
    reads = is_address(entry) or lists_pages(entry)
    for path in paths:
        if not isinstance(path, str):
            yield file_source(path)
        elif not is_left_out(path, left_out):
            yield from pages_listed(path, config) if reads else [file_source(path)]


def _fault(uri: str, error: Exception) -> PageSource:
    kind, attempts = failure_kind(error)
    text = str(error) if uri in str(error) else f"{uri}: {error}"
    is_transient = kind == "transient"
    return PageSource(uri, (), uri, fault=text, attempts=attempts, is_transient=is_transient)


def _manifest_bytes(uri: str, config: FetchConfig) -> bytes:
    if is_address(uri):
        return shared_fetcher(config).fetch(uri, LARGEST_MANIFEST_BYTES).data
    with BeamFiles().open(uri) as file:
        data = file.read(LARGEST_MANIFEST_BYTES + 1)
    if len(data) > LARGEST_MANIFEST_BYTES:
        raise ValueError(f"file is larger than {LARGEST_MANIFEST_BYTES // 10**6} MB; split it")
    return data


def _pages_in(data: bytes, uri: str, config: PagesConfig) -> Iterable[PageSource]:
    if is_mets(data):
        return read_mets(data, uri, config.file_group, first_existing)
    if uri.lower().endswith(".xml") and not is_address(uri):
        return [file_source(uri)]
    if data.lstrip()[:1] == b"<":
        raise ValueError("file is HTML or XML, not a manifest; give the address of the manifest")
    return read_manifest(data, uri, config.width_px)


def pages_of_file(source: PageSource) -> list[PageSource]:
    """Return a source for each page of a file.

    Args:
        source: A file, a page of one, or an image on the web, which counts as one page.

    Returns:
        A source for each page of a multi-page file, with the digest of the file; else only the
        given source, whose URI is that of the file if the file has a single page.
    """
    file_uri, number = split_page_uri(source.uri)
    if source.fault or source.skipped or is_address(source.addresses[0]) or not is_paged(file_uri):
        return [source]
    if number not in (None, 1):
        return [source]
    page_count, file_sha256 = _count_pages(file_uri)
    if page_count < 2:
        return [replace(source, uri=file_uri, addresses=(file_uri,), page_count=page_count)]
    source = replace(source, page_count=page_count, file_sha256=file_sha256)
    if number:
        return [source]
    document = source.document or source.uri
    start = source.place if source.document else 0
    uris = [page_uri(file_uri, n + 1) for n in range(page_count)]
    return [
        replace(source, uri=uri, addresses=(uri,), document=document, place=start + number)
        for number, uri in enumerate(uris)
    ]


def _count_pages(file_uri: str) -> tuple[int, str]:
    """Return the page count, and the digest of a multi-page file; (0, "") if unreadable."""
    try:
        with BeamFiles().open(file_uri) as file:
            page_count = count_pages(file)
            return page_count, digest_of_file(file) if page_count > 1 else ""
    except (OSError, ValueError):
        # The step that opens the page reports why.
        return 0, ""


# For the steps whose output type is declared as `PageSource`.
coders.registry.register_coder(PageSource, PageSourceCoder)
