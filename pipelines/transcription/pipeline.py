"""The transcription of an archive: page images in, Parquet tables out."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field, replace

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from model.recogniser.bundle import Bundle
from model.recogniser.recogniser import Recogniser
from pipelines.archive.deaths import Deaths, blaming
from pipelines.archive.earlier_runs import count_elsewhere, publish_interrupted, write_known_pages
from pipelines.archive.folder import Archive
from pipelines.archive.gone import Listing
from pipelines.archive.page_keys import NOT_READ
from pipelines.archive.portions import WriteInputs, WritePortions
from pipelines.archive.publish import publish
from pipelines.archive.rewrite import sweep
from pipelines.archive.share import Share, is_to_read
from pipelines.archive.state import EarlierPages, read_state, say_missing
from pipelines.buckets.store import is_bucket
from pipelines.cli.options import is_local
from pipelines.cli.progress import PageCounters, show_progress, track_progress
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import read_bytes
from pipelines.files.key_set import UriTally
from pipelines.files.lock import run_lock
from pipelines.pages.fetched import is_no_image
from pipelines.pages.inputs import PageInputs, page_inputs
from pipelines.pages.listing import ListPages
from pipelines.pages.names import PageNames
from pipelines.pages.records import PageResult
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles, WriteSkipped
from pipelines.transcription.begin import begin_run, names_of_pages, open_recogniser
from pipelines.transcription.config import TranscribeConfig, Transcribed
from pipelines.transcription.read_pages import PageReading
from pipelines.transcription.recognise import lend
from pipelines.transcription.transcribe_pages import TranscribePages
from schemas.records import Skipped, SkipReason


def run_transcribe(config: TranscribeConfig, options: PipelineOptions) -> Transcribed:
    """Transcribe the pages of an archive that are new or changed.

    Args:
        config: What to transcribe and how.
        options: Beam's options.

    Returns:
        The outcome; the sums of its account match.

    Raises:
        UsageError: If the input or the model is missing, or the output is in use or holds
            something else.
        AccountError: If the sums do not match; the run does not count then.
    """
    job = open_job(config)
    archive = job.archive
    with (
        run_lock(archive.unfinished) as still_held,
        show_progress("transcribe", options) as counters,
    ):
        if remains := publish_interrupted(archive, job.listing_of):
            print(remains, file=sys.stderr)
        job, state = begin_job(job)
        deaths = Deaths(archive.unfinished)
        deaths.begin(forgets=config.redo)
        write_durably(archive.run_start, job.run.to_json().encode())
        share = Share.whole(archive)
        read_share(job, share, deaths, options, counters)
        skipped = SkippedFiles.read(share.skipped)
        still_held()
        return publish_job(job, state, UriTally(*json.loads(read_bytes(share.inputs))), skipped)


@dataclass(frozen=True)
class Job:
    """A transcription, and what it is done with.

    Attributes:
        config: What to transcribe and how.
        inputs: What `--input` names.
        recogniser: Reads the lines.
        archive: The output folder.
        names: Names of the pages; those of a run that has begun.
        run: The run, once it has begun.
    """

    config: TranscribeConfig
    inputs: PageInputs
    recogniser: Recogniser
    archive: Archive
    names: PageNames = field(default_factory=PageNames)
    run: RunStart | None = None

    def started(self, state: EarlierPages) -> Job:
        """Return the job with a run that starts now."""
        names = names_of_pages(self.inputs, self.config, state)
        run = begin_run(self.config, self.recogniser, state, names)
        return replace(self, names=names, run=run)

    def listing_of(self, run: RunStart, state: EarlierPages) -> Listing | None:
        """Return what an earlier run listed, if this one lists the same; None if that differs."""
        again = self.started(state)
        return again.listing if again.run.listed == run.listed else None

    @property
    def listing(self) -> Listing:
        """What the run lists."""
        return Listing(self.names, self.inputs.patterns + self.inputs.manifests)


def open_job(config: TranscribeConfig) -> Job:
    """Check what is needed before a run begins, and create the output folder.

    Raises:
        UsageError: If the input or the model is missing, or the output holds something else.
    """
    inputs = page_inputs(config.inputs)
    recogniser = open_recogniser(config.recognition)
    archive = Archive(config.output.rstrip("/"))
    archive.make()
    return Job(config, inputs, recogniser, archive)


def begin_job(job: Job) -> tuple[Job, EarlierPages]:
    """Begin a run on an output in which none is unfinished, and write which pages are known.

    Args:
        job: The transcription; this process has locked its output.

    Returns:
        The job with its run, and what the tables say.
    """
    sweep(job.archive)
    state = read_state(job.archive)
    say_missing(job.archive, state, is_reading=True)
    job = job.started(state)
    if known := _known(job):
        write_known_pages(job.archive, state, job.run, known, job.config.only_new)
    return job, state


def _known(job: Job) -> str:
    """Return the file of the pages that need not be read; empty for none."""
    return "" if job.config.redo else job.archive.known_pages(job.run.run_id)


def read_share(
    job: Job,
    share: Share,
    deaths: Deaths,
    options: PipelineOptions,
    counters: PageCounters | None,
) -> None:
    """Read the pages of a share, and write them in portions.

    Args:
        job: The transcription, which has begun.
        share: The pages.
        deaths: Pages that killed a process; those of earlier ones have been counted.
        options: Beam's options.
        counters: Counters of pages for the progress display.
    """
    config, recogniser = job.config, job.recogniser
    reading = replace(
        page_reading(config, recogniser.bundle, job.run.digest, _known(job)),
        notes=deaths.notes,
        deadly=deaths.deadly(),
    )
    recognition = config.recognition.for_workers(recogniser)
    if is_local(options) and not is_bucket(job.archive.output):
        counters = _told(counters, job.archive.counts(share.start))
    with (
        lend(recogniser, recognition),
        blaming(deaths),
        beam.Pipeline(options=options) as pipeline,
    ):
        listing = list_pages(job.inputs, config, job.archive.own_starts, job.names)
        transforms = listing, TranscribePages(reading, recognition)
        build_transcribe(pipeline, transforms, job.archive, job.run.run_id, counters, share)


def _told(counters: PageCounters | None, folder: str) -> PageCounters:
    """Return counters that count in a folder, too, where `serve` looks."""
    os.makedirs(folder, exist_ok=True)
    told = PageCounters.in_folder(folder)
    return replace(counters, others=(told,)) if counters else told


def publish_job(
    job: Job, state: EarlierPages, expected: UriTally, skipped: SkippedFiles, said: str = ""
) -> Transcribed:
    """Publish a run whose pages have all been read.

    Args:
        job: The transcription.
        state: What the tables say without its run.
        expected: Tally of the pages that came in.
        skipped: Files that are no pages.
        said: What the outcome says first.

    Raises:
        AccountError: If the sums do not match; the run does not count then.
    """
    config, archive, run = job.config, job.archive, job.run
    elsewhere_count = count_elsewhere(archive, config.collection)
    published = publish(archive, run, state, expected, job.listing, config.only_new)
    sweep(archive)
    return Transcribed(
        published.account,
        config.collection,
        elsewhere_count,
        skipped,
        published.news,
        archive.output,
        run.run_id,
        job.recogniser.decoding_note,
        said,
    )


def build_transcribe(
    pipeline: beam.Pipeline,
    transforms: tuple[ListPages, TranscribePages],
    archive: Archive,
    run_id: str,
    counters: PageCounters | None = None,
    share: Share | None = None,
) -> None:
    """Add the steps of a transcription to a pipeline.

    Args:
        pipeline: The pipeline.
        transforms: List the pages; read them and recognise their lines.
        archive: The output folder.
        run_id: Identifier of the run.
        counters: Counters of pages for the progress display.
        share: Which of the pages are read; None for all.
    """
    list_pages, transcribe_pages = transforms
    share = share or Share.whole(archive)
    found = pipeline | "List pages" >> list_pages
    if share.part:
        found = found | "Of this part" >> beam.Filter(is_to_read, share.part, share.held)
    results = found | "Spread pages" >> beam.Reshuffle() | "Transcribe" >> transcribe_pages
    found | "Inputs" >> WriteInputs(share.inputs)
    results | "Write" >> WritePortions(archive.portions, run_id, share.start)
    results | "Left out" >> beam.FlatMap(left_out_of) | WriteSkipped(share.skipped)
    track_progress(counters, found=[found], finished=[results])


def list_pages(
    inputs: PageInputs, config: TranscribeConfig, left_out: tuple[str, ...], names: PageNames
) -> ListPages:
    """Say how the pages of the input are listed.

    Args:
        inputs: What --input names.
        config: What and how.
        left_out: As of `ListPages`.
        names: Likewise.
    """
    takes_given = config.line_source in ("given", "auto")
    return ListPages(inputs, config.pages, left_out, takes_given, names)


def left_out_of(result: PageResult) -> list[Skipped]:
    """Return the record of a file that is no page, also where an earlier run has seen it."""
    outcome = result.outcome
    if not isinstance(outcome, Skipped):
        return []
    if outcome.reason not in NOT_READ:
        return [outcome]
    source = result.source
    return [Skipped(outcome.uri, SkipReason.NO_IMAGE)] if source and is_no_image(source) else []


def page_reading(
    config: TranscribeConfig, bundle: Bundle, digest: str = "", known: str = ""
) -> PageReading:
    """Return how pages are read, and which need not be.

    Args:
        config: What to transcribe and how.
        bundle: The model.
        digest: Identifies model and preprocessing.
        known: File with the keys of pages that were read; empty for none.
    """
    return PageReading(
        config.line_source,
        bundle.preprocess.strip_height_px,
        config.page_time_limit_s,
        digest,
        known,
        config.pages.fetch,
        page_inputs(config.inputs).roots,
    )
