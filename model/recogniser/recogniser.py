"""Recognise line images with ONNX Runtime on one thread or a GPU, in batches of one width.

The text of a line depends on its image only, and in a beam search on the language of its page;
never on its batch or the number of cores. A GPU may round differently in a batch of another size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from model.decoding.config import GREEDY, BeamConfig, DecodingConfig
from model.decoding.ctc import check_logits
from model.decoding.decoder import Decoded, Decoder
from model.decoding.language_fit import Surprise, known_language, measure_surprises
from model.decoding.page_error import predict_of_read
from model.line_images.preprocess import prepare_strip
from model.networks.session import (
    CPU,
    check_shape,
    has_fixed_ranges,
    input_shapes,
    is_on_gpu,
    open_session,
    output_shapes,
)
from model.recogniser.auxiliary_head import AuxiliaryHead
from model.recogniser.bundle import Bundle
from model.recogniser.decoding_plan import open_decoders, plan_decoding
from schemas.records import LineImage, Transcript

# A step of an LSTM takes little longer for several lines than for one; the memory is limited by
# the product of lines and width.
_CPU_BATCH_LINES, _CPU_BATCH_PX = 16, 8_192
_GPU_BATCH_LINES, _GPU_BATCH_PX = 32, 65_536


class Recogniser:
    """A loaded model that recognises lines.

    Args:
        bundle: The model.
        decoding: How the output of the network is decoded; greedily by default.
        device: One of `model.networks.session.DEVICES`.

    Attributes:
        bundle: The model.
        is_on_gpu: Whether it runs on a GPU.
        plan: How lines are decoded, in full.
        decoding_method: Method of `plan`, one of `model.decoding.config.DECODINGS`.
        decoding_note: Why decoding is greedy although a beam search was requested; else empty.
        lexicon: File of words besides those of the model; empty for none.
        language: The language that was requested, as in `DecodingConfig`.
        page_error: Predicts the CER of lines from their confidences; None if training had too
            few lines to fit it.

    Raises:
        ValueError: If the lexicon cannot be used, there is no model of the language that is
            requested, network, charset, preprocessing and auxiliary head do not belong together,
            or there is no such device.
    """

    def __init__(self, bundle: Bundle, decoding: DecodingConfig | None = None, device: str = CPU):
        decoding = decoding or DecodingConfig()
        self.bundle = bundle
        self.plan = plan = plan_decoding(bundle, decoding)
        self.decoding_method = plan.method
        self.decoding_note = plan.note
        self.lexicon = decoding.lexicon
        self.language = decoding.language
        self.page_error = bundle.decoding.calibration(plan.method).page_error
        self._decoders = open_decoders(bundle, decoding, plan)
        self._models = {plan.language: plan.language_model, **plan.others}
        self._best_path = Decoder(bundle.charset, BeamConfig(width=0))
        self._most_lines = decoding.most_lines
        self._session = open_session(bundle.onnx_path, device)
        self._check_shapes()
        self._auxiliary = None
        if plan.auxiliary_share:
            share = plan.auxiliary_share
            self._auxiliary = AuxiliaryHead(bundle, self._session, share, device)
        self.is_on_gpu = is_on_gpu(self._session)
        self._read_blank_line()
        self._can_batch = bundle.precision != "int8" or has_fixed_ranges(self._session)

    def _check_shapes(self) -> None:
        """Check that network, charset and preprocessing belong together, before the first line."""
        path, height_px = self.bundle.onnx_path, self.bundle.preprocess.input_height_px
        classes = self.bundle.charset.class_count
        check_shape(path, "strips", input_shapes(self._session), (None, height_px, None, 1))
        check_shape(path, "logits", output_shapes(self._session), (None, None, classes))

    def _read_blank_line(self) -> None:
        """Run the network once: what does not fit in it fails on any line."""
        height_px = self.bundle.preprocess.strip_height_px
        try:
            check_logits(
                self.logits(np.full((height_px, height_px), 255, np.uint8)), self.bundle.charset
            )
        # The exceptions of ONNX Runtime have no common base class.
        except Exception as error:
            path = self.bundle.onnx_path
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(
                f"{path.parent}: {path.name} reads no line ({reason}); copy the model again"
            ) from None

    def lines_at_once(self, width_px: int) -> int:
        """Return how many lines of one padded width to run together.

        Args:
            width_px: Padded width, as from `prepare`.

        Returns:
            At least 1; always 1 if the result of a line would depend on its batch.
        """
        if not self._can_batch:
            return 1
        lines, most_px = _CPU_BATCH_LINES, _CPU_BATCH_PX
        if self.is_on_gpu:
            lines, most_px = _GPU_BATCH_LINES, _GPU_BATCH_PX
        return max(1, min(lines, most_px // width_px))

    def prepare(self, image: LineImage) -> np.ndarray:
        """Convert a line image to network input.

        Returns:
            float32 [input_height_px, padded width, 1].

        Raises:
            ValueError: If its height is not that of the model.
        """
        return prepare_strip(image.strip, self.bundle.preprocess)

    def run(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Run the network on lines of one padded width.

        Args:
                prepared: Lines from `prepare`.

        Returns:
            float32 [line, time, classes]; the mixture of network and auxiliary head if a beam
            search uses both.
        """
        strips = np.stack(prepared)
        if self._auxiliary is None:
            return self._session.run(["logits"], {"strips": strips})[0]
        return self._auxiliary.run(strips)[1]

    def logits(self, strip: np.ndarray) -> np.ndarray:
        """Run the network on one line image.

        Args:
            strip: uint8 [strip_height_px, width_px], paper 255.

        Returns:
            float32 [time, classes].
        """
        return self.run([prepare_strip(strip, self.bundle.preprocess)])[0]

    def read(self, image: LineImage) -> Transcript:
        """Recognise one line.

        Raises:
            ValueError: If the height of its image is not that of the model, or the output of the
                network contains NaN.
        """
        return self.transcribe(image, self.logits(image.strip))

    def transcribe(
        self, image: LineImage, logits: np.ndarray, language: str | None = None
    ) -> Transcript:
        """Decode the output of the network.

        Args:
            image: The line.
            logits: float32 [time, classes].
            language: Language of the page, from `language_of`; None for the plan's own.

        Raises:
            ValueError: If the logits contain NaN.
        """
        language = self.plan.language if language is None else language
        decoded = self._decoders[language].decode(logits, image.line.direction)
        used = language if self.plan.language_model else ""
        return replace(self._transcript(image, decoded), language=used)

    def transcribe_without_language(self, image: LineImage, logits: np.ndarray) -> Transcript:
        """Decode the output of the network greedily, although a beam search was requested.

        Args:
            image: The line.
            logits: float32 [time, classes].
        """
        decoded = self._best_path.decode(logits, image.line.direction)
        return replace(self._transcript(image, decoded), without_language=True)

    @property
    def judges_languages(self) -> bool:
        """Whether it decodes each page with the model of its language, or greedily without one."""
        return self.plan.judges

    def surprises(self, logits: np.ndarray) -> dict[str, Surprise]:
        """Return how unlikely each language model of the search finds what is sure in a line.

        Args:
            logits: float32 [time, classes]; if they have NaN, nothing is sure.
        """
        if not np.isfinite(logits).all():
            return dict.fromkeys(self._models, Surprise())
        return measure_surprises(logits, self._models)

    def language_of(self, surprises: Mapping[str, Surprise]) -> str | None:
        """Return the language of a page; None if no language model knows it.

        Args:
            surprises: The sum over the lines of the page, of a model that `judges_languages`.
        """
        return known_language(surprises, self.bundle.decoding.most_surprise_nats)

    def predict_cer(self, transcripts: Sequence[Transcript]) -> float | None:
        """Return the predicted CER of the text of a page; None where nothing predicts it.

        Args:
            transcripts: Its lines as `read_pages` of `line_reading.py` gave them.
        """
        without_language = any(line.without_language for line in transcripts)
        method = GREEDY if without_language else self.decoding_method
        return predict_of_read(self.bundle.decoding.calibration(method).page_error, transcripts)

    def _transcript(self, image: LineImage, decoded: Decoded) -> Transcript:
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
