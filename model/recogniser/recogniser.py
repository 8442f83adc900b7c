"""Reading strips on ONNX Runtime, on one thread or a GPU, lines of one width together.

A line's text depends on the line alone: never on its batch, its neighbours or the machine's
number of cores. A GPU may round otherwise in a batch of another size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.decoding.config import DecodingConfig
from model.line_images.preprocess import prepare_strip
from model.networks.session import CPU, has_fixed_ranges, is_on_gpu, open_session
from model.recogniser.auxiliary_head import AuxiliaryHead
from model.recogniser.bundle import Bundle
from model.recogniser.decoding_plan import open_decoder, plan_decoding
from schemas.records import LineImage, Transcript

# A step of an LSTM costs several lines little more than one; the width bounds the memory.
_CPU_BATCH_LINES, _CPU_BATCH_PX = 16, 8_192
_GPU_BATCH_LINES, _GPU_BATCH_PX = 32, 65_536


class Recogniser:
    """A loaded model that reads lines.

    Args:
        bundle: The model.
        decoding: How text is read from what the network saw; greedily unless said.
        device: One of `model.networks.session.DEVICES`.

    Attributes:
        bundle: The model.
        is_on_gpu: Whether it runs on a GPU.
        plan: How lines are read, whole.
        decoding_method: How lines are read: one of `model.decoding.config.DECODINGS`.
        decoding_note: Why lines are read greedily though a beam search was asked for; else
            empty.
        page_error: Predicts the CER of lines from their confidences; None where training had
            too few lines to fit it.

    Raises:
        ValueError: If the lexicon cannot be used, the auxiliary head is of another network, or
            there is no such device.
    """

    def __init__(self, bundle: Bundle, decoding: DecodingConfig | None = None, device: str = CPU):
        decoding = decoding or DecodingConfig()
        self.bundle = bundle
        self.plan = plan = plan_decoding(bundle, decoding)
        self.decoding_method = plan.method
        self.decoding_note = plan.note
        self.page_error = bundle.decoding.calibration(plan.method).page_error
        self._decoder = open_decoder(bundle, decoding, plan)
        self._most_lines = decoding.most_lines
        self._session = open_session(bundle.onnx_path, device)
        self._auxiliary = None
        if plan.auxiliary_share:
            share = plan.auxiliary_share
            self._auxiliary = AuxiliaryHead(bundle, self._session, share, device)
        self.is_on_gpu = is_on_gpu(self._session)
        self._reads_apart = bundle.precision != "int8" or has_fixed_ranges(self._session)

    def lines_at_once(self, width_px: int) -> int:
        """Tell how many lines of one padded width are best read together.

        Args:
            width_px: Of what `prepare` gives.

        Returns:
            1 at least; never more if a line would be read otherwise beside others.
        """
        if not self._reads_apart:
            return 1
        lines, most_px = _CPU_BATCH_LINES, _CPU_BATCH_PX
        if self.is_on_gpu:
            lines, most_px = _GPU_BATCH_LINES, _GPU_BATCH_PX
        return max(1, min(lines, most_px // width_px))

    def prepare(self, image: LineImage) -> np.ndarray:
        """Make network input of a line.

        Returns:
            float32 [input_height_px, padded width, 1].

        Raises:
            ValueError: If the strip's height is not the model's.
        """
        return prepare_strip(image.strip, self.bundle.preprocess)

    def run(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Run the network on lines of one padded width.

        Args:
            prepared: What `prepare` gave.

        Returns:
            float32 [line, time, classes]; for a search, what network and auxiliary head see
            together, if it is to ask both.
        """
        strips = np.stack(prepared)
        if self._auxiliary is None:
            return self._session.run(["logits"], {"strips": strips})[0]
        return self._auxiliary.run(strips)[1]

    def logits(self, strip: np.ndarray) -> np.ndarray:
        """Run the network on one strip.

        Args:
            strip: uint8 [strip_height_px, width_px], paper 255.

        Returns:
            float32 [time, classes].
        """
        return self.run([prepare_strip(strip, self.bundle.preprocess)])[0]

    def read(self, image: LineImage) -> Transcript:
        """Read one line.

        Raises:
            ValueError: If the strip's height is not the model's, or the network gave something
                other than numbers.
        """
        return self.transcribe(image, self.logits(image.strip))

    def transcribe(self, image: LineImage, logits: np.ndarray) -> Transcript:
        """Turn what the network saw into text.

        Args:
            image: The line.
            logits: float32 [time, classes].

        Raises:
            ValueError: If the network gave something other than numbers.
        """
        decoded = self._decoder.decode(logits, image.line.direction)
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
