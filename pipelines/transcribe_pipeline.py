"""The transcription of an archive: page images in, Parquet tables out."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from model.bundle import Bundle, load_bundle
from pipelines.account import Account, check_written
from pipelines.formats.page_images import page_uris
from pipelines.options import UsageError
from pipelines.output import check_free, whole_output
from pipelines.progress import Tally, show_progress
from pipelines.runs import RunStart
from pipelines.transforms.account import WriteAccount
from pipelines.transforms.describe import CutLines
from pipelines.transforms.files import BeamFiles, MatchFiles, input_patterns
from pipelines.transforms.progress import count_pages
from pipelines.transforms.recognise import RecogniseLines
from pipelines.transforms.rows import PageRows, line_row
from pipelines.transforms.write import WriteTable, write_one_row


@dataclass(frozen=True)
class TranscribeConfig:
    """What to transcribe and how.

    Attributes:
        inputs: Files, folders and globs.
        model: Folder of the bundle.
        precision: One of `model.bundle.ONNX_FILES`.
        output: Folder of the tables.
        overwrite: Whether to replace it.
        line_source: 'given', 'find', 'auto' or 'whole'.
        shards: Files a table.
    """

    inputs: tuple[str, ...]
    model: str
    output: str
    overwrite: bool = False
    precision: str = "fp32"
    line_source: str = "auto"
    shards: int = 1


def run_transcribe(config: TranscribeConfig, options: PipelineOptions) -> Account:
    """Transcribe an archive.

    Args:
        config: What and how.
        options: Beam's options.

    Returns:
        The account, which closes.

    Raises:
        UsageError: If the input or the model is missing or the output exists.
        AccountError: If the sums do not close; nothing is written then.
    """
    patterns = input_patterns(config.inputs)
    bundle = _open_bundle(config)
    check_free(config.output, config.overwrite)
    start = RunStart.now("transcribe", asdict(config))
    with (
        whole_output(config.output) as staging,
        show_progress("transcribe", options) as tally,
    ):
        with beam.Pipeline(options=options) as pipeline:
            build_transcribe(pipeline, patterns, bundle, config, staging, tally)
        account = Account.read(f"{staging}/counts.json")
        check_written(account, staging)
        write_one_row(staging, "runs", start.row(account, bundle.digest()))
    return account


def build_transcribe(
    pipeline: beam.Pipeline,
    patterns: tuple[str, ...],
    bundle: Bundle,
    config: TranscribeConfig,
    staging: str,
    tally: Tally | None = None,
) -> None:
    """Wire the pipeline.

    Args:
        pipeline: To add to.
        patterns: What `input_patterns` gave.
        bundle: The model.
        config: What and how.
        staging: Folder to write in.
        tally: Where to count pages for the terminal.
    """
    found = (
        pipeline
        | "Match files" >> MatchFiles(patterns)
        | "Pages of files" >> beam.FlatMap(page_uris, BeamFiles())
    )
    uris = found | "Spread pages" >> beam.Reshuffle()
    cut = uris | "Cut lines" >> CutLines(config.line_source, bundle.preprocess.strip_height_px)
    read = cut.LineImage | "Recognise" >> RecogniseLines(str(bundle.directory), bundle.precision)

    count_pages(tally, found=[found], finished=(cut.PageDone, cut.Failure, cut.Skipped))

    failures = (cut.Failure, read.Failure) | "All failures" >> beam.Flatten()
    outcomes = {
        "inputs": uris,
        "done": cut.PageDone,
        "failures": failures,
        "skipped": cut.Skipped,
        "lines": read.Transcript,
        "dropped": pipeline | "None dropped" >> beam.Create([]),
    }
    rows = {
        "lines": read.Transcript | "Line rows" >> beam.Map(line_row),
        "pages": outcomes | "Page rows" >> PageRows(),
        "failures": failures | "Failure rows" >> beam.Map(asdict),
    }
    for table, table_rows in rows.items():
        table_rows | f"Write {table}" >> WriteTable(staging, table, config.shards)
    outcomes | "Account" >> WriteAccount(f"{staging}/counts.json")


def _open_bundle(config: TranscribeConfig) -> Bundle:
    try:
        return load_bundle(config.model, config.precision)
    except ValueError as error:
        raise UsageError(f"--model {error}") from None
