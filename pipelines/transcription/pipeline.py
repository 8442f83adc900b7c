"""The transcription of an archive: page images in, Parquet tables out."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from dataclasses import asdict, dataclass, field, replace

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from model.decoding.config import GREEDY
from model.images.digest import exact_key
from model.line_images.rectify import RECTIFY_VERSION
from model.recogniser.bundle import Bundle, load_bundle, model_name
from model.recogniser.decoding_plan import DecodingPlan
from model.recogniser.recogniser import Recogniser
from model.segmentation.finder import finder_facts
from pipelines.archive.deaths import Deaths, blaming
from pipelines.archive.earlier_runs import count_elsewhere, publish_interrupted, write_known_pages
from pipelines.archive.folder import Archive
from pipelines.archive.gone import Listing, listed_names
from pipelines.archive.page_keys import NOT_READ
from pipelines.archive.portions import WriteInputs, WritePortions
from pipelines.archive.publish import publish
from pipelines.archive.rewrite import sweep
from pipelines.archive.state import EarlierPages, read_state, say_missing
from pipelines.cli.options import UsageError
from pipelines.cli.progress import PageCounters, show_progress, track_progress
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import read_bytes
from pipelines.files.key_set import UriTally
from pipelines.files.lock import run_lock
from pipelines.pages.fetched import is_no_image
from pipelines.pages.inputs import PageInputs, page_inputs
from pipelines.pages.listing import ListPages, PagesConfig
from pipelines.pages.names import PageNames, page_names
from pipelines.pages.networks import check_page_networks
from pipelines.pages.records import PageResult
from pipelines.tables.account import Account
from pipelines.tables.news import News
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles, WriteSkipped
from pipelines.transcription.read_pages import PageReading
from pipelines.transcription.recognise import Recognition, lend
from pipelines.transcription.transcribe_pages import TranscribePages
from schemas.program import command_name
from schemas.records import Skipped, SkipReason


@dataclass(frozen=True)
class TranscribeConfig:
    """What to transcribe and how.

    Attributes:
        inputs: Files, folders, globs, manifests, addresses and lists of those.
        recognition: How lines are recognised.
        output: Folder of the tables.
        redo: Whether to read pages again that were read before.
        collection: Partition of the tables to write to.
        line_source: 'given', 'find', 'auto' or 'whole'.
        page_time_limit_s: Seconds a page may take; 0 for no limit.
        pages: How pages of manifests and of the web are listed and fetched.
        root: Folder that the names of pages start from; empty for the one of the earlier runs.
        only_new: Whether pages that did not change stay as another model or version read them.
    """

    inputs: tuple[str, ...]
    recognition: Recognition
    output: str
    redo: bool = False
    collection: str = "all"
    line_source: str = "auto"
    page_time_limit_s: float = 300.0
    pages: PagesConfig = field(default_factory=PagesConfig)
    root: str = ""
    only_new: bool = False


@dataclass(frozen=True)
class Transcribed:
    """The outcome of a transcription.

    Attributes:
        account: Account of pages and lines.
        collection: Partition of the tables that it wrote to.
        elsewhere_count: Number of unchanged pages that are in other collections.
        skipped: Files that are no pages.
        news: What changed since the earlier runs.
        output: Folder of the tables.
        run_id: Identifier of the run.
        obstacle: Why lines were read greedily although a beam search was asked for; else empty.
    """

    account: Account
    collection: str
    elsewhere_count: int = 0
    skipped: SkippedFiles = field(default_factory=SkippedFiles)
    news: News = field(default_factory=News)
    output: str = ""
    run_id: str = ""
    obstacle: str = ""

    def __str__(self):
        query = f"{command_name('query')} --transcripts {shlex.quote(self.output)}"
        news = self.news.lines(query)
        parts = (str(self.account), str(self.skipped), self.obstacle, *news)
        said = "\n".join(filter(None, parts))
        if not self.elsewhere_count:
            return said
        return (
            f"{said}\nunchanged pages that stay in another collection: "
            f"{self.elsewhere_count}; add --redo to read all again into {self.collection}"
        )


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
    inputs = page_inputs(config.inputs)
    recogniser = open_recogniser(config.recognition)
    archive = Archive(config.output.rstrip("/"))
    archive.make()
    with run_lock(archive.unfinished), show_progress("transcribe", options) as counters:
        if remains := publish_interrupted(archive):
            print(remains, file=sys.stderr)
        sweep(archive)
        state = read_state(archive)
        say_missing(archive, state, is_reading=True)
        names = names_of_pages(inputs, config, state)
        run = begin_run(config, recogniser, state, names)
        known = "" if config.redo else archive.known_pages(run.run_id)
        if known:
            write_known_pages(archive, state, run, known, config.only_new)
        deaths = Deaths(archive.unfinished)
        deaths.begin(forgets=config.redo)
        reading = replace(
            page_reading(config, recogniser.bundle, run.digest, known),
            notes=deaths.notes,
            deadly=deaths.deadly(),
        )
        write_durably(archive.run_start, run.to_json().encode())
        recognition = replace(config.recognition, model=str(recogniser.bundle.directory))
        with (
            lend(recogniser, recognition),
            blaming(deaths),
            beam.Pipeline(options=options) as pipeline,
        ):
            listing = list_pages(inputs, config, archive.own_starts, names)
            transforms = listing, TranscribePages(reading, recognition)
            build_transcribe(pipeline, transforms, archive, run.run_id, counters)
        skipped = SkippedFiles.read(archive.skipped)
        elsewhere_count = count_elsewhere(archive, config.collection)
        expected = UriTally(*json.loads(read_bytes(archive.inputs)))
        listed = Listing(names, inputs.patterns + inputs.manifests)
        published = publish(archive, run, state, expected, listed, config.only_new)
        sweep(archive)
    return Transcribed(
        published.account,
        config.collection,
        elsewhere_count,
        skipped,
        published.news,
        archive.output,
        run.run_id,
        recogniser.decoding_note,
    )


def build_transcribe(
    pipeline: beam.Pipeline,
    transforms: tuple[ListPages, TranscribePages],
    archive: Archive,
    run_id: str,
    counters: PageCounters | None = None,
) -> None:
    """Add the steps of a transcription to a pipeline.

    Args:
        pipeline: The pipeline.
        transforms: List the pages; read them and recognise their lines.
        archive: The output folder.
        run_id: Identifier of the run.
        counters: Counters of pages for the progress display.
    """
    list_pages, transcribe_pages = transforms
    found = pipeline | "List pages" >> list_pages
    results = found | "Spread pages" >> beam.Reshuffle() | "Transcribe" >> transcribe_pages
    found | "Inputs" >> WriteInputs(archive.inputs)
    results | "Write" >> WritePortions(archive.portions, run_id)
    results | "Left out" >> beam.FlatMap(left_out_of) | WriteSkipped(archive.skipped)
    track_progress(counters, found=[found], finished=[results])


def open_recogniser(recognition: Recognition) -> Recogniser:
    """Open the model before the pipeline runs, so that errors are reported at once.

    Args:
        recognition: How lines are recognised.

    Returns:
        The recogniser; it decodes greedily if no beam search is possible.

    Raises:
        UsageError: If something cannot be used.
    """
    check_page_networks()
    try:
        bundle = load_bundle(recognition.model, recognition.precision)
    except ValueError as error:
        raise UsageError(f"--model {error}") from None
    try:
        return Recogniser(bundle, recognition.decoding, recognition.device)
    except ValueError as error:
        raise UsageError(str(error)) from None


def names_of_pages(inputs: PageInputs, config: TranscribeConfig, state: EarlierPages) -> PageNames:
    """Return how the pages of the input are called in the tables.

    Raises:
        UsageError: If a folder of the input is not below `--root`.
    """
    try:
        return page_names(inputs.roots, config.root, state.names, bool(inputs.lists))
    except ValueError as error:
        raise UsageError(f"--input {error}") from None


def begin_run(
    config: TranscribeConfig, recogniser: Recogniser, state: EarlierPages, names: PageNames
) -> RunStart:
    """Return the start of a run, with the digests of its model and preprocessing."""
    bundle, decoding = recogniser.bundle, recogniser.plan
    # A link such as `latest` leads to another model tomorrow.
    model = model_name(bundle.directory)
    named = replace(config, recognition=replace(config.recognition, model=model))
    digest = model_digest(bundle, config, decoding)
    newest = state.runs[-1].run_id if state.runs else ""
    how = ": ".join(filter(None, (decoding.method, decoding.note)))
    return replace(
        RunStart.now("transcribe", asdict(named), digest, newest),
        collection=config.collection,
        preprocess_digest=preprocess_digest(config.line_source, bundle),
        decoding="; ".join(filter(None, (how, bundle.note))),
        model=model,
        root=names.root,
        root_name=names.root_name,
        listed=listed_names(page_inputs(config.inputs), names),
        calibration=bundle.calibrated_on(decoding.method),
    )


def model_digest(bundle: Bundle, config: TranscribeConfig, decoding: DecodingPlan) -> str:
    """Return the digest of the model and, for a beam search, of its settings and words.

    Args:
        bundle: The model.
        config: The run.
        decoding: How the model will be decoded.
    """
    digest = bundle.digest(decoding.method)
    if decoding.method == GREEDY:
        return digest
    lexicon = config.recognition.decoding.lexicon
    facts = [digest, asdict(decoding.search), lexicon and exact_key(read_bytes(lexicon))]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def preprocess_digest(line_source: str, bundle: Bundle) -> str:
    """Return the digest of everything that determines the line images of a page.

    Args:
        line_source: Where lines come from.
        bundle: The model, which sets the height of the line images.
    """
    facts = {"lines": line_source, "line_height_px": bundle.preprocess.strip_height_px}
    facts["rectify"] = RECTIFY_VERSION
    if line_source in ("find", "auto"):
        facts |= finder_facts()
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


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
