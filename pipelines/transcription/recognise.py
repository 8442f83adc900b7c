"""Recognise the lines of pages with Beam's RunInference."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model import DEFAULT_FOLDER
from model.decoding.config import AUTO_LANGUAGE, GREEDY, DecodingConfig
from model.decoding.page_error import cer_with_unread
from model.images.digest import exact_key
from model.networks.session import CPU, gpu_providers
from model.quality.ink_unread import MOST_UNREAD, share_unread
from model.quality.line_image import measure_strip
from model.recogniser.bundle import load_bundle
from model.recogniser.line_reading import quality_of_read, read_pages
from model.recogniser.recogniser import Recogniser
from pipelines.buckets.store import is_bucket
from pipelines.cli.garbage import freeze_loaded
from pipelines.engines.failures import UNFIT
from pipelines.files.cached import local_file, local_model
from pipelines.pages.records import PageLines, PageResult, ReadLine
from schemas.records import Failure, Transcript

# The model of the worker's own package. 'default' may also be a folder where a worker runs.
BUNDLED = "bundled:default"
# Lines per batch: enough that several have the same width.
_LINES_FOR_CPU, _LINES_FOR_GPU = 64, 512


@dataclass(frozen=True)
class Recognition:
    """How lines are recognised.

    Attributes:
        model: Folder of the bundle, on a disk or in a bucket; 'default' or `BUNDLED` for the one
            shipped with Quire.
        precision: One of `model.recogniser.bundle.ONNX_FILES`.
        decoding: How the output of the network is decoded.
        device: One of `model.networks.session.DEVICES`.
        digest: What `reading_digest` of the recogniser must be; empty if it is not known yet.
    """

    model: str
    precision: str = "fp32"
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    device: str = CPU
    digest: str = ""

    def open(self) -> Recogniser:
        """Load the bundle and return its recogniser.

        Raises:
            ValueError: If the bundle, the lexicon or the device cannot be used, or if it is not
                the one with the digest.
        """
        folder = DEFAULT_FOLDER if self.model == BUNDLED else local_model(self.model)
        try:
            bundle = load_bundle(folder, self.precision, checks_digests=not self.digest)
        except ValueError as error:
            raise ValueError(f"--model {error}") from None
        decoding = replace(self.decoding, lexicon=local_file(self.decoding.lexicon))
        recogniser = Recogniser(bundle, decoding, self.device)
        if self.digest and reading_digest(recogniser) != self.digest:
            raise ValueError(
                f"the model {self.model} is another one than the run began with; "
                "have the same version of Quire, and the same files, on all workers"
            )
        return recogniser

    def for_workers(self, recogniser: Recogniser) -> Recognition:
        """Return how workers, which may be on other machines, open the same recogniser.

        Args:
            recogniser: The one that this opened.
        """
        model = self.model
        if not is_bucket(model):
            folder = recogniser.bundle.directory
            model = BUNDLED if folder == DEFAULT_FOLDER.resolve() else str(folder)
        return replace(self, model=model, digest=reading_digest(recogniser))


def reading_digest(recogniser: Recogniser) -> str:
    """Return the digest of the model and, for a beam search, of its settings and words.

    Args:
        recogniser: The recogniser.
    """
    plan = recogniser.plan
    digest = recogniser.bundle.digest(plan.method)
    if plan.method == GREEDY:
        return digest
    lexicon = recogniser.lexicon
    facts = [digest, asdict(plan.search), lexicon and exact_key(Path(lexicon).read_bytes())]
    if recogniser.language != AUTO_LANGUAGE:
        facts.append(recogniser.language)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


# Recognisers that `lend` provides. A worker in another process opens the bundle itself.
_lent: dict[Recognition, Recogniser] = {}


@contextmanager
def lend(recogniser: Recogniser, recognition: Recognition) -> Iterator[None]:
    """Let the workers of this process use a recogniser that is already open.

    Args:
        recogniser: The recogniser that `recognition` would open.
        recognition: How lines are recognised.
    """
    _lent[recognition] = recogniser
    try:
        yield
    finally:
        _lent.pop(recognition, None)


def opened(recognition: Recognition) -> Recogniser:
    """Return a recogniser: the one that was lent; in a worker process one that it opens once."""
    return _lent.get(recognition) or _opened(recognition)


@lru_cache(maxsize=1)
def _opened(recognition: Recognition) -> Recogniser:
    """Open a recogniser on a worker.

    Raises:
        RuntimeError: If that is not possible; the process that started the run tells it.
    """
    try:
        return recognition.open()
    except ValueError as error:
        raise RuntimeError(f"{UNFIT} {socket.gethostname()}: {error}") from None


class RecogniserHandler(ModelHandler[PageLines | PageResult, PageResult, Recogniser]):
    """Load a bundle once per worker process and recognise the lines of pages with it.

    Args:
        recognition: How lines are recognised.
    """

    def __init__(self, recognition: Recognition):
        super().__init__()
        self._recognition = recognition

    def load_model(self) -> Recogniser:
        """Return the recogniser, loaded now unless it was lent."""
        recogniser = opened(self._recognition)
        # A worker process has loaded everything by now.
        freeze_loaded()
        return recogniser

    def batch_elements_kwargs(self) -> dict[str, object]:
        """Return batch sizes of some dozens of lines, so that several have the same width.

        Beam calls this once, where the pipeline is built; whether that machine has a GPU decides
        for all workers. The size is fixed because the time of a batch says nothing about the best.
        """
        may_use_gpu = self._recognition.device != CPU and gpu_providers()
        most_lines = _LINES_FOR_GPU if may_use_gpu else _LINES_FOR_CPU
        return {
            "min_batch_size": most_lines,
            "max_batch_size": most_lines,
            "element_size_fn": partial(_size_in_batch, most_lines=most_lines),
        }

    def run_inference(
        self, batch: Sequence[PageLines | PageResult], model: Recogniser, inference_args=None
    ) -> Iterable[PageResult]:
        """Recognise the lines of some pages; results of other pages are passed on."""
        return recognise_pages(batch, model)


def _size_in_batch(page: PageLines | PageResult, most_lines: int) -> int:
    """Return the number of a page's lines, at least 1 and at most the size of a batch."""
    lines = len(page.images) if isinstance(page, PageLines) else 0
    return min(max(1, lines), most_lines)


class RecognisePages(beam.PTransform):
    """Recognise the lines of pages.

    Args:
        recognition: How lines are recognised.
    """

    def __init__(self, recognition: Recognition):
        super().__init__()
        self._recognition = recognition

    def expand(self, pages):
        return pages | "Read" >> RunInference(RecogniserHandler(self._recognition))


def recognise_pages(
    pages: Sequence[PageLines | PageResult], recogniser: Recogniser
) -> list[PageResult]:
    """Recognise the lines of some pages, several together if that is faster.

    Args:
        pages: Pages with their line images; or the result of a page that has none.
        recogniser: Recognises the lines.

    Returns:
        The result of each page.
    """
    started = time.monotonic()
    images = [image for page in pages if isinstance(page, PageLines) for image in page.images]
    outcomes = iter(read_pages(images, recogniser))
    seconds_a_line = (time.monotonic() - started) / max(1, len(images))
    return [
        _result(page, list(islice(outcomes, len(page.images))), seconds_a_line, recogniser)
        if isinstance(page, PageLines)
        else page
        for page in pages
    ]


def _result(
    page: PageLines,
    outcomes: Sequence[Transcript | Failure],
    seconds_a_line: float,
    recogniser: Recogniser,
) -> PageResult:
    lines = tuple(
        ReadLine(outcome, measure_strip(image.strip))
        for image, outcome in zip(page.images, outcomes)
        if isinstance(outcome, Transcript)
    )
    failures = tuple(outcome for outcome in outcomes if isinstance(outcome, Failure))
    ink_unread = share_unread(page.ink, outcomes)
    transcripts = [line.transcript for line in lines]
    quality = quality_of_read(page.quality, ink_unread, transcripts, recogniser)
    return PageResult(
        page.done,
        lines,
        (*page.failures, *failures),
        quality,
        page.dpi,
        _cer_estimate(quality.cer_of_read, recogniser, ink_unread or 0.0),
        page.seconds + seconds_a_line * len(outcomes),
        page.source,
    )


def _cer_estimate(of_read: float | None, recogniser: Recogniser, ink_unread: float) -> float | None:
    if recogniser.page_error is None:
        return None
    # Less is what the measure finds on pages of which everything was read.
    return cer_with_unread(of_read, ink_unread if ink_unread > MOST_UNREAD else 0.0)
