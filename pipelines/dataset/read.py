"""From files to pages: pair files up, survey them, read the descriptions, choose the splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import apache_beam as beam

from model.dataset.split_plan import SplitUnits
from model.dataset.splits import SplitConfig
from pipelines.dataset.split_counts import page_counts, plan_counts, sum_counts, unit_lines
from pipelines.descriptions.first import fail_undescribed, read_first_descriptions
from pipelines.descriptions.pairing import LoneImage, pair_files, pairing_key
from pipelines.descriptions.reading import ReadConfig, survey_source
from pipelines.descriptions.survey import Surveyed, repeated_texts, second_descriptions
from pipelines.files.filesystem import BeamFiles
from pipelines.formats.names import file_of
from pipelines.formats.source import Files
from pipelines.transforms.routing import RouteByType
from pipelines.transforms.summing import Summing
from schemas.records import Failure, Page, Skipped


class PairFilesUp(beam.PTransform):
    """Pair up images and the files that describe them, by their names; takes a `Listing`.

    Args:
        config: What is read from the input.
    """

    def __init__(self, config: ReadConfig):
        super().__init__()
        self._use_markup = config.format_name != "pair"

    def expand(self, listing):
        sources = (
            listing.paths
            | "Key by page" >> beam.WithKeys(pairing_key)
            | "Gather" >> beam.GroupByKey()
            | "Files" >> beam.Values()
            | "Pair" >> beam.FlatMap(pair_files, self._use_markup)
        )
        all_sources = (sources, listing.unlisted) | "With unlisted" >> beam.Flatten()
        return all_sources | "Spread" >> beam.Reshuffle()


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


class FirstDescriptions(beam.PTransform):
    """Leave out what the survey keeps of second descriptions, and of pages without lines.

    Args:
        seconds: Result of `SecondDescriptions`.
    """

    def __init__(self, seconds: beam.PCollection):
        super().__init__()
        self._seconds = seconds

    def expand(self, surveyed):
        return surveyed | "First ones" >> beam.Filter(
            lambda page, seconds: page.line_count and (page.uri, page.described_by) not in seconds,
            beam.pvalue.AsSingleton(self._seconds),
        )


class RepeatedImages(beam.PTransform):
    """Find images that several rows of a table give a text, as one dictionary."""

    def expand(self, surveyed):
        return (
            surveyed
            | "Rows" >> beam.Filter(lambda page: page.row_key)
            | "Key by row" >> beam.Map(lambda page: (page.row_key, page.text_digest))
            | "Gather rows" >> beam.GroupByKey()
            | "Repeated" >> beam.FlatMap(lambda row: repeated_texts(*row))
            | "As a dictionary" >> beam.combiners.ToDict()
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
        repeated: Result of `RepeatedImages`.
        roots: Result of `input_roots`.
    """

    def __init__(
        self,
        config: ReadConfig,
        seconds: beam.PCollection,
        repeated: beam.PCollection,
        roots: tuple[str, ...] = (),
    ):
        super().__init__()
        self._arguments = config, BeamFiles(roots)
        self._seconds = seconds
        self._repeated = repeated

    def expand(self, sources):
        return sources | RouteByType(
            read_first_descriptions,
            (Page, Failure, Skipped),
            *self._arguments,
            beam.pvalue.AsSingleton(self._seconds),
            beam.pvalue.AsSingleton(self._repeated),
        )


class PlanSplits(beam.PTransform):
    """Plan how pages are assigned to splits, from what the survey keeps of them.

    Args:
        config: Shares, seed and grouping.

    Returns:
        One `SplitPlan`.
    """

    def __init__(self, config: SplitConfig):
        super().__init__()
        self._config = config

    def expand(self, surveyed):
        return (
            surveyed
            | "Lines of units" >> beam.Map(unit_lines, self._config)
            | "Sum of units" >> beam.CombinePerKey(sum_counts)
            | "Units" >> beam.CombineGlobally(Summing(SplitUnits))
            | "Plan" >> beam.Map(lambda units, config: units.plan(config), self._config)
        )


class ChooseSplits(beam.PTransform):
    """Assign each page to a split.

    Args:
        plan: Result of `PlanSplits`.
    """

    def __init__(self, plan: beam.PCollection):
        super().__init__()
        self._plan = plan

    def expand(self, pages):
        return pages | "Choose" >> beam.Map(
            lambda page, plan: replace(page, split=plan.split_of(page)),
            beam.pvalue.AsSingleton(self._plan),
        )


class CountSplits(beam.PTransform):
    """Count what decides the splits, as the rows (name, count) of `read_outcome`.

    Args:
        plan: Result of `PlanSplits`.
    """

    def __init__(self, plan: beam.PCollection):
        super().__init__()
        self._plan = plan

    def expand(self, surveyed):
        pages = surveyed | "Counts of pages" >> beam.FlatMap(
            page_counts, beam.pvalue.AsSingleton(self._plan)
        )
        return (
            (pages, self._plan | "Counts of plan" >> beam.FlatMap(plan_counts))
            | "Both" >> beam.Flatten()
            | "Sum of counts" >> beam.CombinePerKey(sum)
        )
