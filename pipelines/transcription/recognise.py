"""Recognition through Beam's RunInference."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model.decoding.config import DecodingConfig
from model.decoding.page_error import LineUncertainty
from model.networks.session import CPU, gpu_providers
from model.quality.line_image import measure_strip
from model.recogniser.bundle import load_bundle
from model.recogniser.line_reading import read_lines
from model.recogniser.recogniser import Recogniser
from pipelines.cli.garbage import freeze_loaded
from pipelines.pages.records import PageLines, PageResult, ReadLine
from schemas.records import Failure, Transcript

# Lines that are held to be read together: enough for some of each width.
_LINES_FOR_CPU, _LINES_FOR_GPU = 64, 512


@dataclass(frozen=True)
class Recognition:
    """How lines are read.

    Attributes:
        model: Folder of the bundle.
        precision: One of `model.recogniser.bundle.ONNX_FILES`.
        decoding: How text is read from what the network saw.
        device: One of `model.networks.session.DEVICES`.
    """

    model: str
    precision: str = "fp32"
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    device: str = CPU

    def open(self) -> Recogniser:
        """Load the bundle.

        Raises:
            ValueError: If it, the lexicon or the device cannot be used.
        """
        return Recogniser(load_bundle(self.model, self.precision), self.decoding, self.device)


# What `lend` lends. A process of its own opens the bundle itself.
_lent: dict[Recognition, Recogniser] = {}


@contextmanager
def lend(recogniser: Recogniser, recognition: Recognition) -> Iterator[None]:
    """Let the workers of this process read with a recogniser that is open already.

    Args:
        recogniser: What `recognition` would open.
        recognition: How lines are read.
    """
    _lent[recognition] = recogniser
    try:
        yield
    finally:
        del _lent[recognition]


class RecogniserHandler(ModelHandler[PageLines | PageResult, PageResult, Recogniser]):
    """Load a bundle once a worker process and read pages with it.

    Args:
        recognition: How.
    """

    def __init__(self, recognition: Recognition):
        super().__init__()
        self._recognition = recognition

    def load_model(self) -> Recogniser:
        """Load the bundle."""
        recogniser = _lent.get(self._recognition) or self._recognition.open()
        # Of a worker process, which has loaded all by now.
        freeze_loaded()
        return recogniser

    def batch_elements_kwargs(self) -> dict[str, object]:
        """Take pages with some dozens of lines together, so that there are several of one width.

        Beam asks once, where the pipeline is built; what could run a GPU there decides for all
        workers. A fixed size, for nothing is to be learnt from how long batches take.
        """
        may_use_gpu = self._recognition.device != CPU and gpu_providers()
        most_lines = _LINES_FOR_GPU if may_use_gpu else _LINES_FOR_CPU
        return {
            "min_batch_size": most_lines,
            "max_batch_size": most_lines,
            "element_size_fn": partial(_share_of_batch, most_lines=most_lines),
        }

    def run_inference(
        self, batch: Sequence[PageLines | PageResult], model: Recogniser, inference_args=None
    ) -> Iterable[PageResult]:
        """Read the lines of some pages; what became of the others is passed on."""
        return recognise_pages(batch, model)


def _share_of_batch(page: PageLines | PageResult, most_lines: int) -> int:
    """Count a page's lines, 1 at least and no more than a batch holds."""
    lines = len(page.images) if isinstance(page, PageLines) else 0
    return min(max(1, lines), most_lines)


class RecognisePages(beam.PTransform):
    """Read the lines of pages.

    Args:
        recognition: How.
    """

    def __init__(self, recognition: Recognition):
        super().__init__()
        self._recognition = recognition

    def expand(self, pages):
        return pages | "Read" >> RunInference(RecogniserHandler(self._recognition))


def recognise_pages(
    pages: Sequence[PageLines | PageResult], recogniser: Recogniser
) -> list[PageResult]:
    """Read the lines of some pages, together where that is faster.

    Args:
        pages: Pages, their lines cut out; or what became of a page that has none.
        recogniser: Reads the lines.

    Returns:
        For each page all that became of it.
    """
    started = time.monotonic()
    images = [image for page in pages if isinstance(page, PageLines) for image in page.images]
    outcomes = iter(read_lines(images, recogniser))
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
    return PageResult(
        page.done,
        lines,
        (*page.failures, *failures),
        page.quality,
        page.dpi,
        _cer_estimate(lines, recogniser),
        page.seconds + seconds_a_line * len(outcomes),
        page.source,
    )


def _cer_estimate(lines: Sequence[ReadLine], recogniser: Recogniser) -> float | None:
    transcripts = [line.transcript for line in lines if line.transcript.characters]
    if recogniser.page_error is None or not transcripts:
        return None
    return recogniser.page_error.predict(
        [LineUncertainty(1 - line.confidence, len(line.characters)) for line in transcripts]
    )
