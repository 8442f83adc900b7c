"""From files to pages: pair files up, survey them, read the descriptions, choose the splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import apache_beam as beam

from model.dataset.splits import SplitConfig, choose_split
from pipelines.descriptions.first import read_first_descriptions
from pipelines.descriptions.pairing import LoneImage, pair_files, pairing_key
from pipelines.descriptions.reading import ReadConfig, fail_undescribed, survey_source
from pipelines.descriptions.survey import Surveyed, second_descriptions
from pipelines.files.filesystem import BeamFiles
from pipelines.formats.names import file_of
from pipelines.formats.source import Files
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, Page, Skipped


class PairFilesUp(beam.PTransform):
    """Pair up images and the files that describe them, by their names.

    Args:
        config: What is read from the input.
    """

    def __init__(self, config: ReadConfig):
        super().__init__()
        self._use_markup = config.format_name != "pair"

    def expand(self, uris):
        return (
            uris
            | "Key by page" >> beam.WithKeys(pairing_key)
            | "Gather" >> beam.GroupByKey()
            | "Files" >> beam.Values()
            | "Pair" >> beam.FlatMap(pair_files, self._use_markup)
            | "Spread" >> beam.Reshuffle()
        )


class SurveySources(beam.PTransform):
    """Read all descriptions but no image, and keep a few values of each page.

    Args:
        config: What is read from the input.
        roots: Result of `input_roots`.
    """

    def __init__(self, config: ReadConfig, roots: tuple[str, ...] = ()):
        super().__init__()
        self._arguments = config, BeamFiles(roots)

    def expand(self, sources):
        return sources | RouteByType(survey_source, (Surveyed, Failure, Skipped), *self._arguments)


class SecondDescriptions(beam.PTransform):
    """Find the descriptions of images that another file describes already, as one set."""

    def expand(self, surveyed):
        return (
            surveyed
            | "Key by image" >> beam.WithKeys(lambda page: page.uri)
            | "Gather" >> beam.GroupByKey()
            | "Descriptions" >> beam.Values()
            | "Second ones" >> beam.FlatMap(second_descriptions)
            | "As a set" >> beam.combiners.ToSet()
        )


class UndescribedFailures(beam.PTransform):
    """Make a failure of each image file, and each page of a multi-page file, without description.

    Takes the sources and what `SurveySources` found in them. Masks and spare versions of images
    are skipped.
    """

    def expand(self, sources_and_surveyed):
        sources, surveyed = sources_and_surveyed
        lone = (
            sources
            | "Lone images" >> beam.Filter(lambda source: isinstance(source, LoneImage))
            | "Key lone" >> beam.Map(lambda image: (image.uri, ""))
        )
        described = surveyed | "Key described" >> beam.Map(
            lambda page: (file_of(page.uri), page.uri)
        )
        return (
            (lone, described)
            | "Both" >> beam.Flatten()
            | "Gather" >> beam.GroupByKey()
            | "Fail" >> RouteByType(_undescribed, (Failure, Skipped), BeamFiles())
        )


def _undescribed(entry: tuple[str, Iterable[str]], files: Files) -> Iterator[Failure | Skipped]:
    uri, described = entry
    return fail_undescribed(uri, set(described) - {""}, files)


class ReadDescriptions(beam.PTransform):
    """Read the pages that the sources describe, each image by its first description only.

    Args:
        config: What is read from the input.
        seconds: Result of `SecondDescriptions`.
        roots: Result of `input_roots`.
    """

    def __init__(self, config: ReadConfig, seconds: beam.PCollection, roots: tuple[str, ...] = ()):
        super().__init__()
        self._arguments = config, BeamFiles(roots)
        self._seconds = seconds

    def expand(self, sources):
        return sources | RouteByType(
            read_first_descriptions,
            (Page, Failure, Skipped),
            *self._arguments,
            beam.pvalue.AsSingleton(self._seconds),
        )


class ChooseSplits(beam.PTransform):
    """Assign each page to a split.

    Args:
        config: How pages are assigned to splits.
        surveyed: All pages, for the official splits that they have.
    """

    def __init__(self, config: SplitConfig, surveyed: beam.PCollection):
        super().__init__()
        self._config = config
        self._surveyed = surveyed

    def expand(self, pages):
        official = (
            self._surveyed
            | "Official split" >> beam.Map(lambda page: page.split)
            | "As a set" >> beam.combiners.ToSet()
        )
        return pages | "Choose" >> beam.Map(
            lambda page, seen, config: replace(page, split=choose_split(page, seen, config)),
            beam.pvalue.AsSingleton(official),
            self._config,
        )
