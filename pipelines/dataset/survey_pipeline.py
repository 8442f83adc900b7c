"""The dry run of ingest: count what would be read, without opening an image."""

from __future__ import annotations

import json

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.dataset.pipeline import IngestConfig
from pipelines.dataset.read import (
    CountSplits,
    FirstDescriptions,
    PairFilesUp,
    PlanSplits,
    SecondDescriptions,
    SurveySources,
    UndescribedFailures,
)
from pipelines.dataset.split_counts import read_outcome
from pipelines.descriptions.survey import Surveyed, describe_survey
from pipelines.files.filesystem import MatchFiles, input_patterns, read_bytes
from pipelines.files.output import scratch_folder
from pipelines.transforms.write import WriteJsonLines


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
    config = config.with_roots(patterns)
    with scratch_folder(config.output) as scratch:
        with beam.Pipeline(options=options) as pipeline:
            build_survey(pipeline, patterns, config, f"{scratch}/counts")
        lines = read_bytes(f"{scratch}/counts.jsonl").decode().splitlines()
    counts = dict(map(json.loads, lines))
    return f"{describe_survey(counts)}\n{read_outcome(counts, config.splits)}"


def build_survey(
    pipeline: beam.Pipeline, patterns: tuple[str, ...], config: IngestConfig, prefix: str
) -> None:
    """Build the pipeline that counts.

    Args:
        pipeline: The pipeline to add to.
        patterns: Result of `input_patterns`.
        config: What ingest would do.
        prefix: File of the counts, without `.jsonl`.
    """
    sources = (
        pipeline
        | "Match files" >> MatchFiles(patterns)
        | "Pair files up" >> PairFilesUp(config.read)
    )
    survey = sources | "Survey" >> SurveySources(config.read)
    undescribed = (sources, survey.Surveyed) | "Undescribed" >> UndescribedFailures()
    failed = (survey.Failure, undescribed) | "Failed" >> beam.Flatten()
    seconds = survey.Surveyed | "Second descriptions" >> SecondDescriptions()
    first = survey.Surveyed | "First descriptions" >> FirstDescriptions(seconds)
    counts = (
        survey.Surveyed | "Of pages" >> beam.FlatMap(_page_counts),
        failed | "One" >> beam.Map(_one, "failed"),
        survey.Skipped | "Skipped" >> beam.Map(_one, "skipped"),
        first | "Count splits" >> CountSplits(first | "Plan splits" >> PlanSplits(config.splits)),
    )
    (
        counts
        | "All" >> beam.Flatten()
        | "Sum" >> beam.CombinePerKey(sum)
        | "Write" >> WriteJsonLines(prefix)
    )


def _page_counts(page: Surveyed) -> list[tuple[str, int]]:
    return [(f"pages {page.source}", 1), (f"lines {page.source}", page.line_count)]


def _one(record, name: str) -> tuple[str, int]:
    return name, 1
