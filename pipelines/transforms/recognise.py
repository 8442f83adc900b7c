"""Recognition through Beam's RunInference."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model.bundle import load_bundle
from model.page_error import LineDoubt
from model.recogniser import Recogniser
from model.strip_quality import measure_strip
from pipelines.page_records import PageLines, PageResult, ReadLine
from schemas.records import Failure, LineImage, Transcript


class RecogniserHandler(ModelHandler[PageLines | PageResult, PageResult, Recogniser]):
    """Load a bundle once a worker process and read pages with it.

    Args:
        model: Folder of the bundle.
        precision: One of `model.bundle.ONNX_FILES`.
    """

    def __init__(self, model: str, precision: str = "fp32"):
        super().__init__()
        self._model = model, precision

    def load_model(self) -> Recogniser:
        """Load the bundle."""
        return Recogniser(load_bundle(*self._model))

    def batch_elements_kwargs(self) -> dict[str, int]:
        """Take one page at a time: its lines are read one by one, and memory stays flat."""
        return {"min_batch_size": 1, "max_batch_size": 1}

    def run_inference(
        self, batch: Sequence[PageLines | PageResult], model: Recogniser, inference_args=None
    ) -> Iterator[PageResult]:
        """Read the lines of each page; what became of the others is passed on."""
        for page in batch:
            yield recognise_page(page, model) if isinstance(page, PageLines) else page


class RecognisePages(beam.PTransform):
    """Read the lines of pages.

    Args:
        model: Folder of the bundle.
        precision: One of `model.bundle.ONNX_FILES`.
    """

    def __init__(self, model: str, precision: str = "fp32"):
        super().__init__()
        self._model = model, precision

    def expand(self, pages):
        return pages | "Read" >> RunInference(RecogniserHandler(*self._model))


def recognise_page(page: PageLines, recogniser: Recogniser) -> PageResult:
    """Read the lines of a page.

    Args:
        page: The page, its lines cut out.
        recogniser: Reads them.

    Returns:
        All that became of it.
    """
    started = time.monotonic()
    read = [(image, read_line(image, recogniser)) for image in page.images]
    lines = tuple(
        ReadLine(outcome, measure_strip(image.strip))
        for image, outcome in read
        if isinstance(outcome, Transcript)
    )
    failures = tuple(outcome for _, outcome in read if isinstance(outcome, Failure))
    return PageResult(
        page.done,
        lines,
        (*page.failures, *failures),
        page.quality,
        page.dpi,
        _cer_estimate(lines, recogniser),
        page.seconds + time.monotonic() - started,
        page.source,
    )


def read_line(image: LineImage, recogniser: Recogniser) -> Transcript | Failure:
    """Read one line.

    Args:
        image: The line.
        recogniser: Reads it.

    Returns:
        What was read, or why nothing could be.
    """
    try:
        return recogniser.read(image)
    except ValueError as error:
        return Failure(image.page_uri, "recognise", str(error), image.line.line_id)


def _cer_estimate(lines: Sequence[ReadLine], recogniser: Recogniser) -> float | None:
    if recogniser.page_error is None or not lines:
        return None
    transcripts = [line.transcript for line in lines]
    return recogniser.page_error.predict(
        [LineDoubt(1 - line.confidence, len(line.characters)) for line in transcripts]
    )
