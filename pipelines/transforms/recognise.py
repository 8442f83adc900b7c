"""Recognition through Beam's RunInference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model.bundle import load_bundle
from model.recogniser import Recogniser
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, LineImage, Transcript


class RecogniserHandler(ModelHandler[LineImage, Transcript, Recogniser]):
    """Load a bundle once a worker process and read lines with it.

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

    def run_inference(
        self, batch: Sequence[LineImage], model: Recogniser, inference_args=None
    ) -> Iterator[Transcript | Failure]:
        """Read each line of a batch by itself: its text must not depend on the others."""
        return (read_line(image, model) for image in batch)


class RecogniseLines(beam.PTransform):
    """Read line images.

    Args:
        model: Folder of the bundle.
        precision: One of `model.bundle.ONNX_FILES`.
    """

    def __init__(self, model: str, precision: str = "fp32"):
        super().__init__()
        self._model = model, precision

    def expand(self, images):
        return (
            images
            | "Read" >> RunInference(RecogniserHandler(*self._model))
            | "Sort out" >> RouteByType(_alone, (Transcript, Failure))
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


def _alone(record):
    return [record]
