"""The dry run: count the pages, try a few, reckon what all of them would take."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions

from model.bundle import Bundle
from model.recogniser import Recogniser
from pipelines.output import scratch_folder
from pipelines.plan import Plan, SampledPage
from pipelines.transcribe_pipeline import TranscribeConfig, open_bundle
from pipelines.transforms.describe import PageReading, read_page
from pipelines.transforms.files import read_bytes
from pipelines.transforms.page_files import ListPages
from pipelines.transforms.page_inputs import page_inputs
from pipelines.transforms.portions import rows_of
from pipelines.transforms.probe import ChooseSample, ProbePages
from pipelines.transforms.recognise import recognise_pages
from pipelines.transforms.write import WriteJsonLines, parquet_bytes
from schemas.records import PageDone, PageSource

_SAMPLED_PAGES = 20
_SHOWN_FAILURES = 5


@dataclass(frozen=True)
class PlanConfig:
    """What to reckon with.

    Attributes:
        worker_count: Workers, a core each.
        price_per_core_hour: In whatever currency; 0 for none.
    """

    worker_count: int = 1
    price_per_core_hour: float = 0.0


def run_plan(config: TranscribeConfig, planning: PlanConfig, options: PipelineOptions) -> Plan:
    """Reckon what a transcription would take; nothing is written.

    Pages that an earlier run has read are not known here: that takes reading them.

    Args:
        config: The transcription.
        planning: What to reckon with.
        options: Beam's options.

    Raises:
        UsageError: If the input or the model is missing.
    """
    listing = ListPages(page_inputs(config.inputs), config.pages)
    bundle, _ = open_bundle(config.recognition)
    with scratch_folder(config.output) as scratch:
        with beam.Pipeline(options=options) as pipeline:
            build_plan(pipeline, listing, scratch)
        counts = dict(_rows(f"{scratch}/counts.jsonl"))
        sources = [_source(row) for row in _rows(f"{scratch}/sample.jsonl")]
        failures = _rows(f"{scratch}/failures.jsonl")
    return Plan(
        counts.get("pages", 0),
        counts.get("failures", 0),
        counts.get("skipped", 0),
        tuple(try_pages(sources, config, bundle)),
        tuple(f"{uri}: {error}" for uri, error in failures),
        planning.worker_count,
        planning.price_per_core_hour,
    )


def build_plan(pipeline: beam.Pipeline, listing: ListPages, folder: str) -> None:
    """Wire the pipeline.

    Args:
        pipeline: To add to.
        listing: Gives the pages.
        folder: For what is found out: counts, a sample and some failures.
    """
    sources = pipeline | "List pages" >> listing | "Spread pages" >> beam.Reshuffle()
    probed = sources | "Probe" >> ProbePages()
    pages, failures = probed.ProbedPage, probed.Failure
    (
        (
            pages | "Page" >> beam.Map(lambda page: ("pages", 1)),
            failures | "Failure" >> beam.Map(lambda failure: ("failures", 1)),
            probed.Skipped | "Skipped" >> beam.Map(lambda skipped: ("skipped", 1)),
        )
        | "All" >> beam.Flatten()
        | "Sum" >> beam.CombinePerKey(sum)
        | "Write counts" >> WriteJsonLines(f"{folder}/counts")
    )
    (
        pages
        | "Sample" >> ChooseSample(_SAMPLED_PAGES)
        | "Each page" >> beam.FlatMap(lambda chosen: [asdict(page.source) for page in chosen])
        | "Write sample" >> WriteJsonLines(f"{folder}/sample")
    )
    (
        failures
        | "Some failures" >> ChooseSample(_SHOWN_FAILURES)
        | "Each" >> beam.FlatMap(lambda chosen: [(one.uri, one.error) for one in chosen])
        | "Write failures" >> WriteJsonLines(f"{folder}/failures")
    )


def try_pages(
    sources: Sequence[PageSource], config: TranscribeConfig, bundle: Bundle
) -> list[SampledPage]:
    """Transcribe some pages, one after the other, and time each.

    Args:
        sources: The pages.
        config: The transcription.
        bundle: The model.
    """
    height_px, fetch = bundle.preprocess.strip_height_px, config.pages.fetch
    reading = PageReading(config.line_source, height_px, config.page_time_limit_s, fetch=fetch)
    recogniser = config.recognition.open()
    if sources:
        # The first page pays for what is loaded once.
        _try_page(sources[0], reading, recogniser)
    return [_try_page(source, reading, recogniser) for source in sources]


def _try_page(source: PageSource, reading: PageReading, recogniser: Recogniser) -> SampledPage:
    started = time.monotonic()
    (result,) = recognise_pages([read_page(source, reading)], recogniser)
    row_bytes = sum(map(_compressed_bytes, rows_of(result, "")))
    seconds = time.monotonic() - started
    is_ok = isinstance(result.outcome, PageDone)
    return SampledPage(seconds, len(result.lines), row_bytes, is_ok)


def _compressed_bytes(rows: pa.Table) -> int:
    if not rows.num_rows:
        return 0
    with pq.ParquetFile(pa.BufferReader(parquet_bytes(rows))) as file:
        group = file.metadata.row_group(0)
        return sum(group.column(i).total_compressed_size for i in range(group.num_columns))


def _rows(path: str) -> list:
    return list(map(json.loads, read_bytes(path).splitlines()))


def _source(row: dict) -> PageSource:
    pairs = {"addresses": tuple(row["addresses"]), "canvas_px": tuple(row["canvas_px"])}
    return PageSource(**row | pairs)
