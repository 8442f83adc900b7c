"""Reading strips on ONNX Runtime, one thread, one line at a time.

A line's text depends on the line alone: never on its batch, its neighbours or the machine's
number of cores.
"""

from __future__ import annotations

import numpy as np
import onnxruntime

from model.bundle import Bundle
from model.ctc import decode_greedy
from model.preprocess import prepare_strip
from schemas.records import LineImage, Transcript


class Recogniser:
    """A loaded model that reads lines.

    Args:
        bundle: The model.
    """

    def __init__(self, bundle: Bundle):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._bundle = bundle
        self._session = onnxruntime.InferenceSession(
            str(bundle.onnx_path), options, providers=["CPUExecutionProvider"]
        )

    def logits(self, strip: np.ndarray) -> np.ndarray:
        """Run the network on one strip.

        Args:
            strip: uint8 [strip_height_px, width_px], paper 255.

        Returns:
            float32 [time, classes].
        """
        prepared = prepare_strip(strip, self._bundle.preprocess)
        return self._session.run(["logits"], {"strips": prepared[None]})[0][0]

    def read(self, image: LineImage) -> Transcript:
        """Read one line.

        Raises:
            ValueError: If the strip's height is not the model's.
        """
        text, confidence, characters = decode_greedy(self.logits(image.strip), self._bundle.charset)
        return Transcript(image.page_uri, image.line, text, confidence, characters)
