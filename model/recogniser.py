"""Reading strips on ONNX Runtime, one thread, one line at a time.

A line's text depends on the line alone: never on its batch, its neighbours or the machine's
number of cores.
"""

from __future__ import annotations

import numpy as np
import onnxruntime

from model.bundle import Bundle
from model.decoding_choice import open_decoder, plan_decoding
from model.decoding_config import DecodingConfig
from model.preprocess import prepare_strip
from schemas.records import LineImage, Transcript


class Recogniser:
    """A loaded model that reads lines.

    Args:
        bundle: The model.
        decoding: How text is read from what the network saw; greedily unless said.

    Attributes:
        decoding_method: How lines are read: one of `decoding_config.DECODINGS`.
        decoding_note: Why lines are read greedily though a beam search was asked for; else
            empty.
        page_error: Predicts the CER of lines from their confidences; None where training had
            too few lines to fit it.

    Raises:
        ValueError: If the lexicon cannot be used.
    """

    def __init__(self, bundle: Bundle, decoding: DecodingConfig | None = None):
        decoding = decoding or DecodingConfig()
        plan = plan_decoding(bundle, decoding)
        self.decoding_method = plan.method
        self.decoding_note = plan.note
        self.page_error = bundle.decoding.calibration(plan.method).page_error
        self._decoder = open_decoder(bundle, decoding, plan)
        self._most_lines = decoding.most_lines
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
            ValueError: If the strip's height is not the model's, or the network gave something
                other than numbers.
        """
        decoded = self._decoder.decode(self.logits(image.strip))
        return Transcript(
            page_uri=image.page_uri,
            line=image.line,
            text=decoded.text,
            confidence=decoded.confidence,
            characters=decoded.characters,
            confidence_min=decoded.least_confidence,
            confidence_sequence=decoded.sequence_probability,
            alternatives=decoded.lines[: self._most_lines],
        )
