"""Read uploads with a model, few at a time, and keep the results for a while in memory."""

from __future__ import annotations

import io
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from model.decoding.config import DecodingConfig
from model.images.digest import exact_key
from model.images.frame import Frame, stated_pixels
from model.language.spelling import Speller
from model.language.word_counts import read_model_words
from model.recogniser.bundle import load_bundle
from model.recogniser.prediction import PredictedLine, Prediction, predict_image
from model.recogniser.quality import BALANCED, choose_reading
from model.recogniser.recogniser import Recogniser
from pipelines.decoding.images import SharedFile, decode, decode_tint
from pipelines.decoding.pool import await_decoder
from pipelines.files.cached import local_model
from pipelines.formats.page_text import Origin, PageText
from pipelines.formats.pdf.picture import picture_of_pixels
from pipelines.pages.networks import check_page_networks
from pipelines.pages.time_limit import within_time
from pipelines.web.config import MEGABYTE, ServeConfig
from pipelines.web.page import ShownLine, pieces_of
from pipelines.web.pictures import Pyramid
from schemas import VERSION

_KEPT_S = 3600.0


class Busy(RuntimeError):
    """As many uploads are being read as may be at once."""


@dataclass(frozen=True)
class Result:
    """An upload that was read.

    Attributes:
        name: Of the file, as the browser named it.
        prediction: What was read.
        pyramid: Its image.
        lines: Its lines, as a template shows them.
        origin: Where the text comes from.
        kept_until: By `time.monotonic`.
    """

    name: str
    prediction: Prediction
    pyramid: Pyramid
    lines: list[ShownLine]
    origin: Origin
    kept_until: float

    def page(self) -> PageText:
        """Return it as a page to export."""
        width_px, height_px = self.pyramid.size_px
        transcripts = tuple(line.transcript for line in self.prediction.lines)
        return PageText(self.name, width_px, height_px, transcripts)

    def picture(self):
        """Return its picture for a PDF."""
        return picture_of_pixels(self.pyramid.pixels)


class Reader:
    """Reads uploads. The model is loaded when the first one comes.

    Args:
        config: The settings.
    """

    def __init__(self, config: ServeConfig):
        self._config = config
        self._places = threading.BoundedSemaphore(config.uploads_at_once)
        self._loading, self._keeping = threading.Lock(), threading.Lock()
        self._recogniser: Recogniser | None = None
        self._speller: Speller | None = None
        self._results: OrderedDict[str, Result] = OrderedDict()

    def read(self, name: str, data: bytes) -> str:
        """Read a picture of a page or line.

        Args:
            name: Of the file.
            data: Its content.

        Returns:
            The name by which the result is kept for a while.

        Raises:
            Busy: If others are being read.
            ValueError: If it is no image, or has too many pixels, or takes too long.
            OSError: If the model cannot be read.
        """
        if not self._places.acquire(blocking=False):
            raise Busy("other pictures are being read; try again in a moment")
        try:
            self._load()
            await_decoder()
            result = within_time(self._config.page_limit_s, self._read, name, data)
        finally:
            self._places.release()
        key = secrets.token_urlsafe(18)
        with self._keeping:
            self._results[key] = result
            self._forget_old()
        return key

    def result(self, key: str) -> Result | None:
        """Return a result; None if it is not, or no longer, kept."""
        with self._keeping:
            self._forget_old()
            return self._results.get(key)

    def forget(self, key: str) -> None:
        """Forget a result now."""
        with self._keeping:
            self._results.pop(key, None)

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key in [key for key, one in self._results.items() if one.kept_until < now]:
            del self._results[key]
        while len(self._results) > 1 and (
            len(self._results) > self._config.results
            or sum(one.pyramid.byte_count for one in self._results.values())
            > self._config.images_bytes
        ):
            self._results.popitem(last=False)

    def _load(self) -> None:
        with self._loading:
            if self._recogniser is not None:
                return
            check_page_networks()
            model = local_model(self._config.model)
            choice = choose_reading(model, BALANCED)
            bundle = load_bundle(model, choice.precision)
            words = read_model_words(bundle.directory, is_needed=False)
            self._speller = Speller(words) if words else None
            self._recogniser = Recogniser(bundle, DecodingConfig(choice.decoding))

    def _read(self, name: str, data: bytes) -> Result:
        self._check_pixels(_stated_pixels(data))
        file = SharedFile(data)
        frame, _ = decode(file, 1, is_paged=True)
        self._check_pixels(frame.grey.size)
        recogniser = self._recogniser
        height_px = recogniser.bundle.preprocess.strip_height_px
        read = predict_image(frame.grey, recogniser, "auto", height_px, frame.warnings)
        lines = [_shown(index, line, self._speller) for index, line in enumerate(read.lines)]
        origin = Origin(f"Quire {VERSION}", datetime.now(timezone.utc), exact_key(data))
        pyramid = Pyramid(frame.grey, _tint(file, frame))
        return Result(name, read, pyramid, lines, origin, time.monotonic() + _KEPT_S)

    def _check_pixels(self, pixels: int) -> None:
        most = self._config.upload_limit_pixels
        if pixels > most:
            raise ValueError(
                f"the picture has {pixels / MEGABYTE:.0f} megapixels, more than "
                f"{most // MEGABYTE}; scale it down, or transcribe it"
            )


def _tint(file: SharedFile, frame: Frame) -> np.ndarray | None:
    if frame.warnings:
        return None
    try:
        return decode_tint(file, 1)
    except (OSError, ValueError):
        # It was read, so it is shown, if without colours.
        return None


def _stated_pixels(data: bytes) -> int:
    """Return the pixels that a file states; 0 for a PDF and what is no image."""
    try:
        return stated_pixels(io.BytesIO(data))
    except ValueError:
        return 0


def _shown(index: int, line: PredictedLine, speller: Speller | None) -> ShownLine:
    read = line.transcript
    corrected = speller.correct(read.text, read.characters) if speller else read.text
    characters = [
        (c.text, c.confidence, [text for text, _ in c.alternatives]) for c in read.characters
    ]
    return ShownLine(
        read.line.line_id,
        index,
        read.text,
        read.confidence,
        pieces_of(read.text, characters),
        read.line.polygon,
        read.line.baseline,
        line.warnings,
        tuple(text for text, _ in read.alternatives if text != read.text),
        read.line.direction,
        corrected if corrected != read.text else "",
        line.error,
    )
