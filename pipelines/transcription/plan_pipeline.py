"""The dry run: count the pages, time a sample, estimate the whole transcription."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions

from model.recogniser.recogniser import Recogniser
from pipelines.archive.earlier_runs import unfinished_run, write_planned_pages
from pipelines.archive.folder import Archive
from pipelines.archive.portions import rows_of
from pipelines.archive.state import read_state
from pipelines.cli.processes import peak_bytes
from pipelines.cli.screen import current_screen
from pipelines.decoding.pool import decoders_cpu_s
from pipelines.files.filesystem import read_bytes, starts_beneath
from pipelines.files.output import scratch_folder
from pipelines.pages.fetched import is_remote
from pipelines.pages.inputs import page_inputs
from pipelines.pages.listing import ListPages
from pipelines.pages.records import PageResult
from pipelines.tables.skipped import SkippedFiles, WriteSkipped
from pipelines.tables.write import parquet_bytes
from pipelines.transcription.begin import begin_run, names_of_pages, open_recogniser
from pipelines.transcription.config import TranscribeConfig
from pipelines.transcription.forecast import Terms
from pipelines.transcription.pipeline import list_pages, page_reading
from pipelines.transcription.plan import WORDS, CheckedPage, Plan, SampledPage
from pipelines.transcription.probe import ChooseSample, ProbePages
from pipelines.transcription.read_pages import PageReading, read_page
from pipelines.transcription.recognise import recognise_pages
from pipelines.transforms.write import WriteJsonLines
from schemas.changes import Change
from schemas.records import PageDone, PageSource, Skipped

_SAMPLED_PAGES = 20
# Checked, not transcribed: some hundredths of a second each.
_CHECKED_PAGES = 100
_SHOWN_FAILURES = 5


def run_plan(
    config: TranscribeConfig,
    terms: Terms,
    options: PipelineOptions,
    export_bytes: Callable[[PageResult], tuple[int, int]],
) -> Plan:
    """Estimate what a transcription would take; nothing is written.

    To see whether a page has changed since an earlier run read it, its file must be read, so
    only a sample is checked.

    Args:
        config: The transcription.
        terms: What the estimate is for; how a worker starts is measured.
        options: Beam's options.
        export_bytes: Returns how large a page is as ALTO and as PDF.

    Returns:
        The estimate.

    Raises:
        UsageError: If the input or the model is missing, or the output holds something else.
    """
    inputs = page_inputs(config.inputs)
    recogniser = open_recogniser(config.recognition)
    # What a worker does, too, before its first page: import all, and open the model.
    startup_s = time.process_time()
    archive = Archive(config.output.rstrip("/"))
    archive.check()
    unfinished = unfinished_run(archive)
    state = read_state(archive, unfinished)
    names = names_of_pages(inputs, config, state)
    run = begin_run(config, recogniser, state, names)
    with scratch_folder(config.output) as scratch:
        known = "" if config.redo else f"{scratch}/known"
        if known:
            write_planned_pages(archive, state, run, known, config.only_new)
        left_out = archive.own_starts + starts_beneath(scratch, "")
        listing = list_pages(inputs, config, left_out, names)
        with beam.Pipeline(options=options) as pipeline:
            build_plan(pipeline, listing, scratch, known)
        counts = dict(_rows(f"{scratch}/counts.jsonl"))
        new, read = (
            [_source(row) for row in _rows(f"{scratch}/{name}.jsonl")] for name in ("new", "known")
        )
        failures = _rows(f"{scratch}/failures.jsonl")
        skipped = str(SkippedFiles.read(f"{scratch}/skipped.json"))
        checked = check_pages(read, page_reading(config, recogniser.bundle, run.digest, known))
    changed = [source for source, page in zip(read, checked) if not page.is_unchanged]
    # Where nothing is to be read, what was read before tells what pages take.
    pages = ([*new, *changed] or read)[:_SAMPLED_PAGES]
    _say_sample(len(pages))
    sample = tuple(time_pages(pages, config, recogniser, export_bytes))
    return Plan(
        counts.get(Change.NEW.value, 0),
        counts.get("failures", 0),
        counts.get("skipped", 0),
        sample,
        tuple(f"{uri}: {error}" for uri, error in failures),
        replace(terms, startup_s=startup_s, memory_bytes=peak_bytes()),
        counts.get("known", 0),
        tuple(checked),
        skipped,
        tuple((why.value, counts[why.value]) for why in WORDS if why.value in counts),
        f"{recogniser.decoding_method} in {recogniser.bundle.precision}",
    )


def _say_sample(pages: int) -> None:
    if pages and not current_screen().is_quiet:
        print(f"transcribing {pages} of them to see what they take ...", file=sys.stderr)


def build_plan(pipeline: beam.Pipeline, listing: ListPages, folder: str, known: str = "") -> None:
    """Add the steps of a dry run to a pipeline.

    Args:
        pipeline: The pipeline.
        listing: Lists the pages.
        folder: Folder for the results: counts, samples and some failures.
        known: File with the keys of pages that were read; empty for none.
    """
    sources = pipeline | "List pages" >> listing | "Spread pages" >> beam.Reshuffle()
    probed = sources | "Probe" >> ProbePages(known)
    failures = probed.Failure
    (
        (
            probed.ProbedPage | "New page" >> beam.Map(lambda page: (page.why, 1)),
            probed.KnownPage | "Known page" >> beam.Map(lambda page: ("known", 1)),
            failures | "Failure" >> beam.Map(lambda failure: ("failures", 1)),
            probed.Skipped | "Skipped" >> beam.Map(lambda skipped: ("skipped", 1)),
        )
        | "All" >> beam.Flatten()
        | "Sum" >> beam.CombinePerKey(sum)
        | "Write counts" >> WriteJsonLines(f"{folder}/counts")
    )
    probed.Skipped | "Name skipped" >> WriteSkipped(f"{folder}/skipped.json")
    for name, pages, count in (
        ("new", probed.ProbedPage, _SAMPLED_PAGES),
        ("known", probed.KnownPage, _CHECKED_PAGES),
    ):
        (
            pages
            | f"Sample of {name}" >> ChooseSample(count)
            | f"Each {name}"
            >> beam.FlatMap(lambda chosen: [asdict(page.source) for page in chosen])
            | f"Write {name}" >> WriteJsonLines(f"{folder}/{name}")
        )
    (
        failures
        | "Some failures" >> ChooseSample(_SHOWN_FAILURES)
        | "Each" >> beam.FlatMap(lambda chosen: [(one.uri, one.error) for one in chosen])
        | "Write failures" >> WriteJsonLines(f"{folder}/failures")
    )


def check_pages(sources: Sequence[PageSource], reading: PageReading) -> list[CheckedPage]:
    """Check pages that were read before for changes, as a run does, and time each.

    Args:
        sources: The pages.
        reading: How pages are read, and which were.
    """
    return [_check_page(source, reading) for source in sources]


def _check_page(source: PageSource, reading: PageReading) -> CheckedPage:
    started = time.monotonic()
    result = read_page(source, reading)
    seconds = time.monotonic() - started
    return CheckedPage(
        seconds, isinstance(result, PageResult) and isinstance(result.outcome, Skipped)
    )


def time_pages(
    sources: Sequence[PageSource],
    config: TranscribeConfig,
    recogniser: Recogniser,
    export_bytes: Callable[[PageResult], tuple[int, int]] = lambda result: (0, 0),
) -> list[SampledPage]:
    """Transcribe some pages, one after the other, and time each.

    Args:
        sources: The pages.
        config: The transcription.
        recogniser: Recognises the lines.
        export_bytes: Returns how large a page is as ALTO and as PDF.
    """
    reading = page_reading(config, recogniser.bundle)
    if sources:
        # Not timed, since the first page loads what the others use.
        _time_page(sources[0], reading, recogniser, lambda result: (0, 0))
    return [_time_page(source, reading, recogniser, export_bytes) for source in sources]


def _time_page(
    source: PageSource,
    reading: PageReading,
    recogniser: Recogniser,
    export_bytes: Callable[[PageResult], tuple[int, int]],
) -> SampledPage:
    # What other processes do meanwhile costs nothing; but who fetches a page waits for it.
    clock = time.monotonic if is_remote(source) else _cpu_s
    started = clock()
    (result,) = recognise_pages([read_page(source, reading)], recogniser)
    row_bytes = sum(map(_compressed_bytes, rows_of(result, "")))
    seconds = clock() - started
    is_ok = isinstance(result.outcome, PageDone)
    return SampledPage(seconds, len(result.lines), row_bytes, is_ok, *export_bytes(result))


def _cpu_s() -> float:
    return time.process_time() + decoders_cpu_s()


def _compressed_bytes(rows: pa.Table) -> int:
    if not rows.num_rows:
        return 0
    with pq.ParquetFile(pa.BufferReader(parquet_bytes(rows))) as file:
        group = file.metadata.row_group(0)
        return sum(group.column(i).total_compressed_size for i in range(group.num_columns))


def _rows(path: str) -> list:
    return list(map(json.loads, read_bytes(path).splitlines()))


def _source(row: dict) -> PageSource:
    return PageSource(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    )
