"""The pipeline of ingest: from files to TFRecords, an account of all pages and a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from model.dataset.split_names import split_roots
from model.dataset.splits import SplitConfig
from model.dataset.summary import sample_to_row, sum_digests
from pipelines.cli.options import is_local
from pipelines.cli.progress import PageCounters, show_progress, track_progress
from pipelines.dataset.completion import complete_dataset
from pipelines.dataset.cut import CutConfig, CutExamples
from pipelines.dataset.drop import DropLeaks, ReadBack
from pipelines.dataset.intermediate import IntermediateFiles
from pipelines.dataset.leaks import FindLeaks, leak_failure
from pipelines.dataset.outcome import Ingested, describe_warnings
from pipelines.dataset.read import (
    ChooseSplits,
    CountSplits,
    FirstDescriptions,
    PairFilesUp,
    PlanSplits,
    ReadDescriptions,
    RepeatedImages,
    SecondDescriptions,
    SurveySources,
    UndescribedFailures,
)
from pipelines.dataset.write import WriteExamples, WriteSummary
from pipelines.descriptions.pairing import is_container
from pipelines.descriptions.reading import ReadConfig
from pipelines.files.filesystem import input_entries, input_patterns, input_roots
from pipelines.files.match import MatchFiles
from pipelines.files.output import lock_starts, whole_output
from pipelines.pages.networks import check_page_networks
from pipelines.tables.account import WriteAccount
from pipelines.tables.rows import failure_row
from pipelines.tables.runs import RunStart, plain
from pipelines.tables.skipped import SkippedFiles, WriteSkipped
from pipelines.tables.write import WriteTable, write_one_row
from pipelines.transforms.write import WriteJsonLines
from schemas.features import SPLITS


@dataclass(frozen=True)
class IngestConfig:
    """What to ingest and how.

    Attributes:
        inputs: Files, folders and globs.
        output: Folder of the dataset.
        overwrite: Whether to replace the folder if it exists.
        read: What is read from the input.
        cut: How pages become examples.
        splits: How pages are assigned to splits.
        shards: Files for each split; 0 leaves it to the runner.
        image_folders: Folders of images outside of the input, which corrections name.
    """

    inputs: tuple[str, ...]
    output: str
    overwrite: bool = False
    read: ReadConfig = field(default_factory=ReadConfig)
    cut: CutConfig = field(default_factory=CutConfig)
    splits: SplitConfig = field(default_factory=SplitConfig)
    shards: int = 0
    image_folders: tuple[str, ...] = ()

    def with_roots(self, roots: tuple[str, ...]) -> IngestConfig:
        """Return the configuration with what the values of --input say of their files.

        Args:
            roots: Result of `input_roots`: folders below which folders may name splits.
        """
        named = tuple(one for one in input_entries(self.inputs) if is_container(one))
        return replace(self, read=replace(self.read, roots=split_roots(roots), named=named))


def run_ingest(config: IngestConfig, options: PipelineOptions) -> Ingested:
    """Compile a dataset.

    Args:
        config: What to ingest and how.
        options: Beam's options.

    Returns:
        What came out; the sums of its account match.

    Raises:
        UsageError: If the input is missing or the output exists.
        AccountError: If the sums do not match; nothing is written then.
    """
    check_page_networks()
    patterns = input_patterns(config.inputs)
    roots = input_roots(config.inputs)
    config = config.with_roots(roots)
    start = RunStart.now("ingest", plain(config))
    with (
        whole_output(config.output, config.overwrite, not is_local(options)) as staging,
        show_progress("ingest", options) as counters,
    ):
        intermediate = IntermediateFiles(staging)
        intermediate.make()
        for split in SPLITS:
            FileSystems.mkdirs(f"{staging}/{split}")
        with beam.Pipeline(options=options) as pipeline:
            roots += config.image_folders
            build_compile(pipeline, patterns, config, intermediate, counters, roots)
        account = intermediate.read_account()
        has_leaks = complete_dataset(intermediate, config.output, account, start)
        ingested = Ingested(
            account,
            intermediate.read_splits(config.splits, has_leaks),
            SkippedFiles.read(intermediate.skipped),
            intermediate.read_left_out().describe_left_out(),
            describe_warnings(intermediate.read_warnings()),
        )
        intermediate.discard()
        write_one_row(f"{staging}/runs/runs.parquet", "runs", start.row(account))
    return ingested


def build_compile(
    pipeline: beam.Pipeline,
    patterns: tuple[str, ...],
    config: IngestConfig,
    intermediate: IntermediateFiles,
    counters: PageCounters | None = None,
    roots: tuple[str, ...] = (),
) -> None:
    """Build the pipeline that writes lines, failures, leaks and counts.

    Each description (PAGE, ALTO and so on) is parsed twice: by the survey, and again when its
    page is read. Which description of an image counts, and whether there are official splits,
    is known only once all descriptions were surveyed. To parse each of them once, all pages
    would have to wait with their lines until then, and the local runner would hold them in
    memory. The survey keeps only a few values of each page.

    Args:
        pipeline: The pipeline to add to.
        patterns: Result of `input_patterns`.
        config: What to ingest and how.
        intermediate: Where to write; the dataset's folder has a folder for each split.
        counters: Where to count pages for the progress line; None for nowhere.
        roots: Result of `input_roots`.
    """
    sources = (
        pipeline
        | "Match files" >> MatchFiles(patterns, lock_starts(config.output))
        | "Pair files up" >> PairFilesUp(config.read)
    )
    survey = sources | "Survey" >> SurveySources(config.read, roots)
    undescribed = (sources, survey.Surveyed) | "Undescribed" >> UndescribedFailures()
    seconds = survey.Surveyed | "Second descriptions" >> SecondDescriptions()
    repeated = survey.Surveyed | "Repeated images" >> RepeatedImages()
    read = sources | "Read descriptions" >> ReadDescriptions(config.read, seconds, repeated, roots)
    plan = _plan_splits(survey.Surveyed, seconds, config, intermediate)
    cut = read.Page | "Choose splits" >> ChooseSplits(plan) | "Cut lines" >> CutExamples(config.cut)
    track_progress(
        counters,
        found=(survey.Surveyed, survey.Failure, survey.Skipped),
        finished=(read.Failure, read.Skipped, cut.Failure, cut.PageDone),
    )
    leaks = cut.LineFact | "Find leaks" >> FindLeaks(intermediate.folder)
    dropped = leaks | "Of train" >> beam.Filter(lambda leak: leak.split == "train")
    skipped = (read.Skipped, undescribed.Skipped) | "All skipped" >> beam.Flatten()
    skipped | "Name skipped" >> WriteSkipped(intermediate.skipped)
    failures = (read.Failure, cut.Failure, undescribed.Failure) | "All failures" >> beam.Flatten()
    rejects = failures, dropped | "As failures" >> beam.Map(leak_failure)

    _write_lines(cut.LineExample, leaks, config.shards, intermediate)
    (
        cut.PageDone
        | "Digests" >> beam.Map(lambda page: page.sha256)
        | "Sum of digests" >> beam.CombineGlobally(sum_digests)
        | "Write digest" >> WriteJsonLines(intermediate.inputs)
    )
    characters = cut.LeftOutCharacters | "Each" >> beam.FlatMap(
        lambda one: [(character, (1, one.page_uri)) for character in one.characters]
    )
    warnings = cut.ImageWarning | "Warning" >> beam.Map(
        lambda one: (one.warning, (1, one.page_uri))
    )
    _write_counts(characters, "left out", intermediate.left_out)
    _write_counts(warnings, "warnings", intermediate.warnings)
    dataset = intermediate.dataset
    leaks | "Leak rows" >> beam.Map(asdict) | "Write leaks" >> WriteJsonLines(f"{dataset}/leaks")
    (
        rejects
        | "All rejects" >> beam.Flatten()
        | "Reject rows" >> beam.Map(failure_row)
        | "Write failures" >> WriteTable(dataset, "failures")
    )
    {
        "inputs": (
            survey.Surveyed,
            survey.Failure,
            survey.Skipped,
            undescribed.Failure,
            undescribed.Skipped,
        )
        | "Inputs" >> beam.Flatten(),
        "done": cut.PageDone,
        "failures": failures,
        "skipped": skipped,
        "lines": cut.LineExample,
        "dropped": dropped,
    } | "Account" >> WriteAccount(intermediate.account)


def _write_counts(pairs: beam.PCollection, what: str, path: str) -> None:
    """Write how often each key is there, and the first page with it."""
    (
        pairs
        | f"Count {what}" >> beam.CombinePerKey(_count_and_first_page)
        | f"Rows of {what}" >> beam.MapTuple(lambda key, counted: (key, *counted))
        | f"Write {what}" >> WriteJsonLines(path)
    )


def _count_and_first_page(counts: Iterable[tuple[int, str]]) -> tuple[int, str]:
    counts = list(counts)
    return sum(count for count, _ in counts), min(page for _, page in counts)


def _plan_splits(
    surveyed: beam.PCollection,
    seconds: beam.PCollection,
    config: IngestConfig,
    intermediate: IntermediateFiles,
) -> beam.PCollection:
    """Plan the splits, and write what decides them."""
    first = surveyed | "First descriptions" >> FirstDescriptions(seconds)
    plan = first | "Plan splits" >> PlanSplits(config.splits)
    (
        first
        | "Count splits" >> CountSplits(plan)
        | "Write splits" >> WriteJsonLines(intermediate.splits)
    )
    return plan


def _write_lines(
    lines: beam.PCollection, leaks: beam.PCollection, shards: int, intermediate: IntermediateFiles
) -> None:
    """Write the lines, drop those that leak, and read back the files that remain."""
    lines | "Summary" >> WriteSummary(intermediate.summary)
    kept = (
        lines
        | "Write lines" >> WriteExamples(intermediate.dataset, shards)
        | "Drop leaks" >> DropLeaks(intermediate.kept, leaks)
    )
    kept.LineExample | "Summary of kept" >> WriteSummary(intermediate.kept_summary)
    (
        kept.ReportSample
        | "Sample rows" >> beam.Map(sample_to_row)
        | "Write shown" >> WriteJsonLines(intermediate.shown)
    )
    (
        kept.DatasetFile
        | "Read back" >> ReadBack()
        | "File rows" >> beam.Map(asdict)
        | "Write files" >> WriteJsonLines(intermediate.contents)
    )
