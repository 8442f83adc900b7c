"""From files to pages: pair them up, read their descriptions, find their images."""

from __future__ import annotations

from dataclasses import replace

import apache_beam as beam

from model.splits import SplitConfig, choose_split, document_of, official_split
from pipelines.formats.detect import NotAPage, read_markup
from pipelines.formats.pairing import (
    MarkupFile,
    PairFiles,
    image_candidates,
    pair_files,
    pairing_key,
)
from pipelines.formats.pairs import read_pair
from pipelines.transforms.files import first_existing, read_bytes
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, Page, Skipped


class PairFilesUp(beam.PTransform):
    """Turn file names into what is to be read.

    Args:
        use_markup: Whether XML files describe pages; if not, they are left out.
    """

    def __init__(self, use_markup: bool):
        super().__init__()
        self._use_markup = use_markup

    def expand(self, uris):
        return (
            uris
            | "Key by page" >> beam.WithKeys(pairing_key)
            | "Gather" >> beam.GroupByKey()
            | "Files" >> beam.Values()
            | "Pair" >> beam.FlatMap(pair_files, self._use_markup)
            | "Spread" >> beam.Reshuffle()
        )


class ReadPages(beam.PTransform):
    """Read the pages that the paired files describe.

    Args:
        format_name: 'auto', or the format of the XML.
    """

    def __init__(self, format_name: str):
        super().__init__()
        self._format_name = format_name

    def expand(self, sources):
        return sources | RouteByType(read_source, (Page, Failure, Skipped), self._format_name)


class ChooseSplits(beam.PTransform):
    """Give every page its split.

    Args:
        config: Shares and seed.
    """

    def __init__(self, config: SplitConfig):
        super().__init__()
        self._config = config

    def expand(self, pages):
        official = (
            pages
            | "Official split" >> beam.Map(lambda page: page.split)
            | "Which there are" >> beam.combiners.ToSet()
        )
        return pages | "Choose" >> beam.Map(
            lambda page, seen, config: replace(page, split=choose_split(page, seen, config)),
            beam.pvalue.AsSingleton(official),
            self._config,
        )


def read_source(
    source: MarkupFile | PairFiles | Failure | Skipped, format_name: str
) -> list[Page | Failure | Skipped]:
    """Read what `pair_files` found.

    Args:
        source: Files to read; failures and skipped files pass through.
        format_name: 'auto', or the format of the XML.

    Returns:
        One record: the page with its image, document and official split, or why not.
    """
    if isinstance(source, MarkupFile):
        return [_read_markup_file(source.uri, format_name)]
    if isinstance(source, PairFiles):
        return [_read_pair_files(source)]
    return [source]


def _read_markup_file(uri: str, format_name: str) -> Page | Failure | Skipped:
    try:
        page = read_markup(read_bytes(uri), format_name)
    except NotAPage as reason:
        return Skipped(uri, str(reason))
    except (OSError, ValueError) as error:
        return Failure(uri, "read", str(error))
    image_uri = first_existing(image_candidates(uri, page.uri))
    if image_uri is None:
        named = page.uri or "with the same name"
        return Failure(uri, "pair", f"image {named} is not beside it; put it there")
    return _place(page, image_uri)


def _read_pair_files(source: PairFiles) -> Page | Failure:
    try:
        return _place(read_pair(read_bytes(source.text_uri), source.image_uri), source.image_uri)
    except (OSError, ValueError) as error:
        return Failure(source.text_uri, "read", str(error))


def _place(page: Page, image_uri: str) -> Page:
    return replace(
        page, uri=image_uri, document=document_of(image_uri), split=official_split(image_uri)
    )
