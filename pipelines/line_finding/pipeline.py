"""The lines of an archive: page images in, PAGE XML and pictures of the lines out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from model.segmentation.finder import finder_digest
from pipelines.cli.options import is_local
from pipelines.cli.parts import Part
from pipelines.cli.progress import PageCounters, show_progress, track_progress
from pipelines.files.mirror import common_folder
from pipelines.files.output import discard, output_starts, whole_output
from pipelines.formats.page_text import Origin
from pipelines.line_finding.find import FindConfig, FindLines
from pipelines.pages.inputs import page_inputs
from pipelines.pages.listing import ListPages, PagesConfig
from pipelines.pages.networks import check_page_networks
from pipelines.pages.records import PageResult
from pipelines.tables.account import Account, AccountError, WriteAccount
from pipelines.tables.rows import failure_row, page_row
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles, WriteSkipped, check_some_page
from pipelines.tables.write import WriteTable, write_one_row
from schemas import VERSION
from schemas.records import Failure, PageDone, Skipped

SKIPPED, COUNTS = "skipped.json", "counts.json"
_WRITTEN = ("page/", "show/", "pages/", "failures/", "runs/", COUNTS)


@dataclass(frozen=True)
class LinesConfig:
    """Input and output of `lines`.

    Attributes:
        inputs: Files, folders, globs, manifests, addresses and lists of those.
        output: Folder of the files and tables.
        overwrite: Whether to replace an existing output.
        show: Whether to draw pictures of the pages, too.
        page_time_limit_s: Seconds a page may take; 0 for no limit.
        pages: How pages of manifests and of the web are listed and fetched.
    """

    inputs: tuple[str, ...]
    output: str
    overwrite: bool = False
    show: bool = False
    page_time_limit_s: float = 300.0
    pages: PagesConfig = field(default_factory=PagesConfig)


@dataclass(frozen=True)
class FoundLines:
    """What came of a run.

    Attributes:
        account: Of pages and lines.
        skipped: Files that are no pages.
    """

    account: Account
    skipped: SkippedFiles

    def __str__(self):
        return "\n".join(filter(None, (str(self.account), str(self.skipped))))


def run_lines(config: LinesConfig, options: PipelineOptions) -> FoundLines:
    """Find the lines of an archive.

    Args:
        config: Input and output.
        options: Beam's options.

    Returns:
        What came of it; the sums of its account match.

    Raises:
        UsageError: If the input is missing or holds no page, or the output exists.
        AccountError: If the sums do not match; nothing is written then.
    """
    listing = listing_of(config)
    start = begin_lines(config)
    with (
        whole_output(config.output, config.overwrite, not is_local(options)) as staging,
        show_progress("lines", options) as counters,
    ):
        with beam.Pipeline(options=options) as pipeline:
            finding = finding_of(config, staging, start)
            build_lines(pipeline, listing, finding, start.run_id, counters)
        account = Account.read(f"{staging}/{COUNTS}")
        skipped = SkippedFiles.read(f"{staging}/{SKIPPED}")
        check_some_page(account, skipped)
        discard(f"{staging}/{SKIPPED}")
        end_lines(config, staging, start, account)
    return FoundLines(account, skipped)


def listing_of(config: LinesConfig) -> ListPages:
    """Return what lists the pages; what `lines` writes is no input.

    Raises:
        UsageError: If the input is missing.
    """
    left_out = output_starts(config.output, *_WRITTEN)
    return ListPages(page_inputs(config.inputs), config.pages, left_out)


def begin_lines(config: LinesConfig) -> RunStart:
    """Return a run that starts now, once the line finder is known to be there."""
    check_page_networks()
    return RunStart.now("lines", asdict(config), finder_digest())


def finding_of(config: LinesConfig, output: str, start: RunStart) -> FindConfig:
    """Return what is written for a page of a run, into a folder of pages."""
    origin = Origin(f"Quire {VERSION}", start.started, start.model_digest)
    return FindConfig(output, origin, config.show, config.pages.fetch, config.page_time_limit_s)


def end_lines(config: LinesConfig, output: str, start: RunStart, account: Account) -> None:
    """Check the files of the pages, and write the table `runs`.

    Raises:
        AccountError: If a file is missing.
    """
    check_files(account, output, ("page", "show") if config.show else ("page",))
    write_one_row(f"{output}/runs/runs.parquet", "runs", start.row(account))


def build_lines(
    pipeline: beam.Pipeline,
    listing: ListPages,
    config: FindConfig,
    run_id: str,
    counters: PageCounters | None = None,
    part: Part | None = None,
    tables: str = "",
) -> None:
    """Add the steps of `lines` to a pipeline.

    Args:
        pipeline: The pipeline.
        listing: Lists the pages.
        config: What to write and where.
        run_id: Identifier of the run.
        counters: Counters of pages for the progress display.
        part: Which of the pages; None for all.
        tables: Folder of the tables and counts; empty for that of the pages.
    """
    tables = tables or config.output
    found = pipeline | "List pages" >> listing
    uris = found | "Names" >> beam.Map(lambda source: source.uri)
    folder = beam.pvalue.AsSingleton(uris | "Folder" >> beam.CombineGlobally(shared_folder))
    if part:
        found = found | "Of this part" >> beam.Filter(lambda source: part.takes(source.uri))
    sources = found | "Spread pages" >> beam.Reshuffle()
    written = sources | "Find lines" >> FindLines(config, folder)
    done, failures, skipped = written.PageDone, written.Failure, written.Skipped

    track_progress(counters, found=[found], finished=(done, failures, skipped))

    rows = {
        "pages": (done, failures, skipped)
        | beam.Flatten()
        | "Page rows" >> beam.Map(_page_row, run_id),
        "failures": failures | "Failure rows" >> beam.Map(failure_row, run_id),
    }
    for table, table_rows in rows.items():
        table_rows | f"Write {table}" >> WriteTable(tables, table)
    skipped | "Name skipped" >> WriteSkipped(f"{tables}/{SKIPPED}")
    outcomes = {
        "inputs": sources,
        "done": done,
        "failures": failures,
        "skipped": skipped,
        # All lines of a page are in one file: no single line can fail or be lost.
        "lines": done | "Lines" >> beam.FlatMap(lambda page: range(page.line_count)),
        "dropped": pipeline | "None dropped" >> beam.Create([]),
    }
    outcomes | "Account" >> WriteAccount(f"{tables}/{COUNTS}")


def shared_folder(uris: Iterable[str]) -> str:
    """Return the common folder of URIs, some of which may be such folders already.

    Example:
        >>> shared_folder(["d/a/x.jpg", "d/b/", "d/a/y.jpg"]), shared_folder([])
        ('d/', '')
    """
    every = sorted(uris)
    return common_folder(every[0], every[-1]) if every else ""


def _page_row(record: PageDone | Failure | Skipped, run_id: str) -> dict:
    lines = record.line_count if isinstance(record, PageDone) else 0
    return page_row(PageResult(record), run_id) | {"lines_ok": lines}


def check_files(account: Account, output: str, folders: tuple[str, ...]) -> None:
    """Check that every page that was counted has its own files.

    Args:
        account: What the pipeline counted.
        output: Folder that contains the folders.
        folders: Some of `page` and `show`.

    Raises:
        AccountError: If a folder has more or fewer files.
    """
    for folder in folders:
        (files,) = FileSystems.match([f"{output}/{folder}/**"])
        if len(files.metadata_list) != account.pages_ok:
            raise AccountError(
                f"folder {folder} has {len(files.metadata_list)} files "
                f"but {account.pages_ok} pages were counted"
            )
