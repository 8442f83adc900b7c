"""Recognition through Beam's RunInference."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model.bundle import load_bundle
from model.decoding_config import DecodingConfig
from model.line_reading import read_lines
from model.onnx_session import CPU, gpu_providers
from model.page_error import LineDoubt
from model.recogniser import Recogniser
from model.strip_quality import measure_strip
from pipelines.page_records import PageLines, PageResult, ReadLine
from schemas.records import Failure, Transcript

# On a GPU lines of so many pages are read together.
_MOST_PAGES = 8


@dataclass(frozen=True)
class Recognition:
    """How lines are read.

    Attributes:
        model: Folder of the bundle.
        precision: One of `model.bundle.ONNX_FILES`.
        decoding: How text is read from what the network saw.
        device: One of `model.onnx_session.DEVICES`.
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
        return self._recognition.open()

    def batch_elements_kwargs(self) -> dict[str, int]:
        """Take one page at a time on a CPU: memory stays flat, and a page is written once read.

        Beam asks once, where the pipeline is built, and what lines run on there decides for all
        workers. If only the workers have a GPU it gets one page at a time, which is slower; so
        build the pipeline where a GPU is, if it is to be kept busy.
        """
        may_use_gpu = self._recognition.device != CPU and gpu_providers()
        is_on_gpu = bool(may_use_gpu) and self.load_model().batch_lines > 1
        return {"min_batch_size": 1, "max_batch_size": _MOST_PAGES if is_on_gpu else 1}

    def run_inference(
        self, batch: Sequence[PageLines | PageResult], model: Recogniser, inference_args=None
    ) -> Iterable[PageResult]:
        """Read the lines of some pages; what became of the others is passed on."""
        return recognise_pages(batch, model)


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
        [LineDoubt(1 - line.confidence, len(line.characters)) for line in transcripts]
    )
