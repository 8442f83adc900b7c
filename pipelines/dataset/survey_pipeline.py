"""The dry run of ingest: count what would be read, without opening an image."""

from __future__ import annotations

import json

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.dataset.pipeline import IngestConfig
from pipelines.dataset.read import (
    CountSplits,
    PairFilesUp,
    PlanSplits,
    SecondDescriptions,
    SurveySources,
    UndescribedFailures,
)
from pipelines.dataset.split_counts import read_outcome
from pipelines.descriptions.survey import Surveyed, describe_survey, left_out
from pipelines.files.filesystem import input_patterns, input_roots, read_bytes
from pipelines.files.match import MatchFiles
from pipelines.files.output import scratch_folder
from pipelines.tables.skipped import SkippedFiles, WriteSkipped
from pipelines.transforms.routing import RouteByType
from pipelines.transforms.write import WriteJsonLines
from schemas.records import Skipped


def run_survey(config: IngestConfig, options: PipelineOptions) -> str:
    """Survey the input.

    Args:
        config: What ingest would do; the counts go to a scratch folder beside its output.
        options: Beam's options.

    Returns:
        The counts, as text.

    Raises:
        UsageError: If an input is missing.
    """
    patterns = input_patterns(config.inputs)
    roots = input_roots(config.inputs)
    config = config.with_roots(roots)
    with scratch_folder(config.output) as scratch:
        with beam.Pipeline(options=options) as pipeline:
            build_survey(pipeline, patterns, config, scratch, roots + config.image_folders)
        lines = read_bytes(f"{scratch}/counts.jsonl").decode().splitlines()
        skipped = SkippedFiles.read(f"{scratch}/skipped.json")
    counts = dict(map(json.loads, lines))
    said = describe_survey(counts), str(skipped), str(read_outcome(counts, config.splits))
    return "\n".join(filter(None, said))


def build_survey(
    pipeline: beam.Pipeline,
    patterns: tuple[str, ...],
    config: IngestConfig,
    folder: str,
    roots: tuple[str, ...] = (),
) -> None:
    """Build the pipeline that counts.

    Args:
        pipeline: The pipeline to add to.
        patterns: Result of `input_patterns`.
        config: What ingest would do.
        folder: Where the counts go, and the names of the files that are left out.
        roots: Result of `input_roots`.
    """
    sources = (
        pipeline
        | "Match files" >> MatchFiles(patterns)
        | "Pair files up" >> PairFilesUp(config.read)
    )
    survey = sources | "Survey" >> SurveySources(config.read, roots)
    undescribed = (sources, survey.Surveyed) | "Undescribed" >> UndescribedFailures()
    failed = (survey.Failure, undescribed.Failure) | "Failed" >> beam.Flatten()
    seconds = survey.Surveyed | "Second descriptions" >> SecondDescriptions()
    first = survey.Surveyed | "Each page once" >> RouteByType(
        left_out,
        (Surveyed, Skipped),
        beam.pvalue.AsSingleton(seconds),
        config.read.without_lines,
    )
    plan = first.Surveyed | "Plan splits" >> PlanSplits(config.splits)
    skipped = (
        survey.Skipped,
        undescribed.Skipped,
        first.Skipped,
    ) | "All skipped" >> beam.Flatten()
    skipped | "Name skipped" >> WriteSkipped(f"{folder}/skipped.json")
    counts = (
        first.Surveyed | "Of pages" >> beam.FlatMap(_page_counts),
        failed | "One" >> beam.Map(_one, "failed"),
        skipped | "Skipped" >> beam.Map(_one, "skipped"),
        first.Surveyed | "Count splits" >> CountSplits(plan),
    )
    (
        counts
        | "All" >> beam.Flatten()
        | "Sum" >> beam.CombinePerKey(sum)
        | "Write" >> WriteJsonLines(f"{folder}/counts")
    )


def _page_counts(page: Surveyed) -> list[tuple[str, int]]:
    return [(f"pages {page.source}", 1), (f"lines {page.source}", page.line_count)]


def _one(record, name: str) -> tuple[str, int]:
    return name, 1
