"""The transcription of an archive: page images in, Parquet tables out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from model.bundle import DEFAULT_FOLDER, LINES_FILE, Bundle, load_bundle
from model.fingerprint import exact_key
from model.key_set import UriTally
from model.rectify import RECTIFY_VERSION
from pipelines.account import Account
from pipelines.archive import Archive
from pipelines.earlier_runs import publish_interrupted, write_known_pages
from pipelines.options import UsageError
from pipelines.progress import Tally, show_progress
from pipelines.publish import publish
from pipelines.run_lock import run_lock
from pipelines.runs import RunStart
from pipelines.transforms.describe import PageReading, ReadPages
from pipelines.transforms.files import read_bytes, write_bytes
from pipelines.transforms.inputs import WriteInputs
from pipelines.transforms.page_files import ListPages, PagesConfig
from pipelines.transforms.page_inputs import page_inputs
from pipelines.transforms.portions import WritePortions
from pipelines.transforms.progress import count_pages
from pipelines.transforms.recognise import RecognisePages


@dataclass(frozen=True)
class TranscribeConfig:
    """What to transcribe and how.

    Attributes:
        inputs: Files, folders and globs.
        model: Folder of the bundle.
        output: Folder of the tables.
        redo: Whether to read pages again that were read before.
        collection: The partition of the tables that they go to.
        precision: One of `model.bundle.ONNX_FILES`.
        line_source: 'given', 'find', 'auto' or 'whole'.
        page_time_limit_s: Seconds a page may take; 0 for as long as it likes.
        pages: How pages of manifests and of the web are listed and fetched.
    """

    inputs: tuple[str, ...]
    model: str
    output: str
    redo: bool = False
    collection: str = "all"
    precision: str = "fp32"
    line_source: str = "auto"
    page_time_limit_s: float = 300.0
    pages: PagesConfig = field(default_factory=PagesConfig)


def run_transcribe(config: TranscribeConfig, options: PipelineOptions) -> Account:
    """Transcribe the pages of an archive that are new or changed.

    Args:
        config: What and how.
        options: Beam's options.

    Returns:
        The account, which closes.

    Raises:
        UsageError: If the input or the model is missing, or the output is in use or
            something else.
        AccountError: If the sums do not close; the run does not count then.
    """
    inputs = page_inputs(config.inputs)
    bundle = open_bundle(config)
    archive = Archive(config.output.rstrip("/"))
    archive.make()
    with run_lock(archive.unfinished), show_progress("transcribe", options) as tally:
        publish_interrupted(archive)
        run = begin_run(config, bundle)
        reading = page_reading(config, bundle, run, archive)
        write_bytes(archive.run_start, run.to_json().encode())
        with beam.Pipeline(options=options) as pipeline:
            listing = ListPages(inputs, config.pages)
            build_transcribe(pipeline, listing, bundle, reading, archive, run.run_id, tally)
        return publish(archive, run, UriTally(*json.loads(read_bytes(archive.inputs))))


def build_transcribe(
    pipeline: beam.Pipeline,
    listing: ListPages,
    bundle: Bundle,
    reading: PageReading,
    archive: Archive,
    run_id: str,
    tally: Tally | None = None,
) -> None:
    """Wire the pipeline.

    Args:
        pipeline: To add to.
        listing: Gives the pages.
        bundle: The model.
        reading: How pages are read.
        archive: The folder.
        run_id: The run.
        tally: Where to count pages for the terminal.
    """
    found = pipeline | "List pages" >> listing
    results = (
        found
        | "Spread pages" >> beam.Reshuffle()
        | "Read pages" >> ReadPages(reading)
        | "Recognise" >> RecognisePages(str(bundle.directory), bundle.precision)
    )
    found | "Inputs" >> WriteInputs(archive.inputs)
    results | "Write" >> WritePortions(archive.portions, run_id)
    count_pages(tally, found=[found], finished=[results])


def open_bundle(config: TranscribeConfig) -> Bundle:
    """Open the model.

    Raises:
        UsageError: If it cannot be used.
    """
    try:
        return load_bundle(config.model, config.precision)
    except ValueError as error:
        raise UsageError(f"--model {error}") from None


def begin_run(config: TranscribeConfig, bundle: Bundle) -> RunStart:
    """Begin a run and name what it reads with."""
    return replace(
        RunStart.now("transcribe", asdict(config), bundle.digest()),
        collection=config.collection,
        preprocess_digest=preprocess_digest(config.line_source, bundle),
    )


def preprocess_digest(line_source: str, bundle: Bundle) -> str:
    """Name all that leads from a page to its line images.

    Args:
        line_source: Where lines come from.
        bundle: The model, which says how high they are.
    """
    facts = {"lines": line_source, "line_height_px": bundle.preprocess.strip_height_px}
    facts["rectify"] = RECTIFY_VERSION
    if line_source in ("find", "auto"):
        facts["finder"] = exact_key((DEFAULT_FOLDER / LINES_FILE).read_bytes())
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def page_reading(
    config: TranscribeConfig, bundle: Bundle, run: RunStart, archive: Archive
) -> PageReading:
    """Say how pages are read, and which need not be.

    Args:
        config: What and how.
        bundle: The model.
        run: The run.
        archive: The folder, with what earlier runs wrote.
    """
    known = "" if config.redo else archive.known_pages(run.run_id)
    if known:
        write_known_pages(archive, run.digest, known)
    return PageReading(
        config.line_source,
        bundle.preprocess.strip_height_px,
        config.page_time_limit_s,
        run.digest,
        known,
        config.pages.fetch,
    )
