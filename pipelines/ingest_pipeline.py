"""The dataset compiler: files in, TFRecords and an account out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from model.splits import SplitConfig
from pipelines.account import Account
from pipelines.output import check_free, whole_output
from pipelines.runs import RunStart
from pipelines.transforms.account import WriteAccount
from pipelines.transforms.cut import CutExamples
from pipelines.transforms.files import MatchFiles, input_patterns
from pipelines.transforms.read import ChooseSplits, PairFilesUp, ReadPages
from pipelines.transforms.write import (
    WriteCharset,
    WriteExamples,
    WriteTable,
    write_one_row,
)


@dataclass(frozen=True)
class IngestConfig:
    """What to ingest and how.

    Attributes:
        inputs: Files, folders and globs.
        output: Folder of the dataset.
        overwrite: Whether to replace it.
        format_name: 'auto', 'alto', 'page' or 'pair'.
        line_height_px: Height of the strips.
        splits: How pages are dealt out.
        shards: Files a split.
    """

    inputs: tuple[str, ...]
    output: str
    overwrite: bool = False
    format_name: str = "auto"
    line_height_px: int = 64
    splits: SplitConfig = field(default_factory=SplitConfig)
    shards: int = 4


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
    start = RunStart.now("ingest", asdict(config))
    with whole_output(config.output) as staging:
        with beam.Pipeline(options=options) as pipeline:
            build_ingest(pipeline, patterns, config, staging)
        account = Account.read(f"{staging}/counts.json")
        write_one_row(staging, "runs", start.row(account))
    return account


def build_ingest(
    pipeline: beam.Pipeline, patterns: tuple[str, ...], config: IngestConfig, staging: str
) -> None:
    """Wire the pipeline.

    Args:
        pipeline: To add to.
        patterns: What `input_patterns` gave.
        config: What and how.
        staging: Folder to write in.
    """
    sources = (
        pipeline
        | "Match files" >> MatchFiles(patterns)
        | "Pair files up" >> PairFilesUp(use_markup=config.format_name != "pair")
    )
    read = sources | "Read pages" >> ReadPages(config.format_name)
    cut = (
        read.Page
        | "Choose splits" >> ChooseSplits(config.splits)
        | "Cut lines" >> CutExamples(config.line_height_px)
    )
    failures = (read.Failure, cut.Failure) | "All failures" >> beam.Flatten()

    cut.LineExample | "Write lines" >> WriteExamples(staging, config.shards)
    cut.LineExample | "Write charset" >> WriteCharset(f"{staging}/charset.json")
    failures | "As rows" >> beam.Map(asdict) | "Write failures" >> WriteTable(staging, "failures")
    {
        "inputs": sources,
        "done": cut.PageDone,
        "failures": failures,
        "skipped": read.Skipped,
        "lines": cut.LineExample,
    } | "Account" >> WriteAccount(f"{staging}/counts.json")
