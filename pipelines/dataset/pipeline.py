"""The dataset compiler: files in; TFRecords, an account and a report out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from model.dataset.splits import SplitConfig
from model.dataset.summary import sample_to_row, sum_digests
from pipelines.cli.progress import Tally, count_pages, show_progress
from pipelines.dataset.completion import complete_dataset
from pipelines.dataset.cut import CutConfig, CutExamples
from pipelines.dataset.drop import DropLeaks, ReadBack
from pipelines.dataset.leaks import FACT_FOLDERS, FindLeaks, leak_failure
from pipelines.dataset.read import (
    ChooseSplits,
    PairFilesUp,
    ReadDescriptions,
    SecondDescriptions,
    SurveySources,
    UndescribedFailures,
)
from pipelines.dataset.write import WriteExamples, WriteSummary
from pipelines.descriptions.reading import ReadConfig
from pipelines.files.filesystem import MatchFiles, input_patterns
from pipelines.files.output import check_free, discard, whole_output
from pipelines.tables.account import Account, WriteAccount
from pipelines.tables.rows import failure_row
from pipelines.tables.runs import RunStart, plain
from pipelines.tables.write import WriteTable, write_one_row
from pipelines.transforms.write import UNFINISHED_FOLDER, WriteJsonLines
from schemas.features import SPLITS


@dataclass(frozen=True)
class IngestConfig:
    """What to ingest and how.

    Attributes:
        inputs: Files, folders and globs.
        output: Folder of the dataset.
        overwrite: Whether to replace it.
        read: What is read of the input.
        cut: How pages become examples.
        splits: How pages are dealt out.
        shards: Files a split; 0 leaves it to the runner.
    """

    inputs: tuple[str, ...]
    output: str
    overwrite: bool = False
    read: ReadConfig = field(default_factory=ReadConfig)
    cut: CutConfig = field(default_factory=CutConfig)
    splits: SplitConfig = field(default_factory=SplitConfig)
    shards: int = 0


def run_ingest(config: IngestConfig, options: PipelineOptions) -> Account:
    """Compile a dataset.

    Args:
        config: What and how.
        options: Beam's options.

    Returns:
        The account, which closes.

    Raises:
        UsageError: If the input is missing or the output exists.
        AccountError: If the sums do not close; nothing is written then.
    """
    patterns = input_patterns(config.inputs)
    check_free(config.output, config.overwrite)
    start = RunStart.now("ingest", plain(config))
    with whole_output(config.output) as staging, show_progress("ingest", options) as tally:
        notes = f"{staging}/{UNFINISHED_FOLDER}"
        for split in SPLITS:
            FileSystems.mkdirs(f"{staging}/{split}")
        for folder in FACT_FOLDERS:
            FileSystems.mkdirs(f"{notes}/{folder}")
        with beam.Pipeline(options=options) as pipeline:
            build_compile(pipeline, patterns, config, staging, tally)
        account = Account.read(f"{notes}/counts.json")
        complete_dataset(staging, notes, config.output, account, start)
        discard(notes)
        write_one_row(f"{staging}/runs/runs.parquet", "runs", start.row(account))
    return account


def build_compile(
    pipeline: beam.Pipeline,
    patterns: tuple[str, ...],
    config: IngestConfig,
    staging: str,
    tally: Tally | None = None,
) -> None:
    """Wire the pipeline that writes lines, failures, leaks and counts.

    Args:
        pipeline: To add to.
        patterns: What `input_patterns` gave.
        config: What and how.
        staging: Folder to write in.
        tally: Where to count pages for the terminal.
    """
    sources = (
        pipeline
        | "Match files" >> MatchFiles(patterns)
        | "Pair files up" >> PairFilesUp(config.read)
    )
    survey = sources | "Survey" >> SurveySources(config.read)
    undescribed = (sources, survey.Surveyed) | "Undescribed" >> UndescribedFailures()
    seconds = survey.Surveyed | "Second descriptions" >> SecondDescriptions()
    read = sources | "Read descriptions" >> ReadDescriptions(config.read, seconds)
    cut = (
        read.Page
        | "Choose splits" >> ChooseSplits(config.splits, survey.Surveyed)
        | "Cut lines" >> CutExamples(config.cut)
    )
    count_pages(
        tally,
        found=(survey.Surveyed, survey.Failure, survey.Skipped),
        finished=(read.Failure, read.Skipped, cut.Failure, cut.PageDone),
    )
    notes = f"{staging}/{UNFINISHED_FOLDER}"
    leaks = cut.LineFact | "Find leaks" >> FindLeaks(notes)
    dropped = leaks | "Of train" >> beam.Filter(lambda leak: leak.split == "train")
    failures = (read.Failure, cut.Failure, undescribed) | "All failures" >> beam.Flatten()
    rejects = failures, dropped | "As failures" >> beam.Map(leak_failure)

    _write_lines(cut.LineExample, leaks, config.shards, staging)
    (
        cut.PageDone
        | "Digests" >> beam.Map(lambda page: page.sha256)
        | "Sum of digests" >> beam.CombineGlobally(sum_digests)
        | "Write digest" >> WriteJsonLines(f"{notes}/inputs")
    )
    leaks | "Leak rows" >> beam.Map(asdict) | "Write leaks" >> WriteJsonLines(f"{staging}/leaks")
    (
        rejects
        | "All rejects" >> beam.Flatten()
        | "Reject rows" >> beam.Map(failure_row)
        | "Write failures" >> WriteTable(staging, "failures")
    )
    {
        "inputs": (survey.Surveyed, survey.Failure, survey.Skipped, undescribed)
        | "Inputs" >> beam.Flatten(),
        "done": cut.PageDone,
        "failures": failures,
        "skipped": read.Skipped,
        "lines": cut.LineExample,
        "dropped": dropped,
    } | "Account" >> WriteAccount(f"{notes}/counts.json")


def _write_lines(
    lines: beam.PCollection, leaks: beam.PCollection, shards: int, staging: str
) -> None:
    """Write the lines, drop those that leak, and look at what lies there in the end."""
    notes = f"{staging}/{UNFINISHED_FOLDER}"
    lines | "Summary" >> WriteSummary(f"{notes}/summary.json")
    kept = (
        lines
        | "Write lines" >> WriteExamples(staging, shards)
        | "Drop leaks" >> DropLeaks(f"{notes}/kept", leaks)
    )
    kept.LineExample | "Summary of kept" >> WriteSummary(f"{notes}/kept.json")
    (
        kept.Sample
        | "Sample rows" >> beam.Map(sample_to_row)
        | "Write shown" >> WriteJsonLines(f"{notes}/shown")
    )
    (
        kept.DatasetFile
        | "Read back" >> ReadBack()
        | "File rows" >> beam.Map(asdict)
        | "Write files" >> WriteJsonLines(f"{notes}/files")
    )
