"""Training samples: lines decoded, augmented and padded, optionally by several processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context

import cv2
import numpy as np

from model.augmentation.config import AugmentConfig
from model.augmentation.line import augment
from model.dataset.examples import decode_strip
from model.line_images.preprocess import (
    PreprocessConfig,
    input_width_px,
    pad_strip,
    padded_width_px,
    scale_strip,
)
from model.networks.presets import Preset
from model.text.bidi import ink_order
from model.text.charset import Charset
from model.training.balance import Draw, line_hash
from schemas.records import LineExample

# Lines that a worker process is given at a time, and chunks that are queued for each worker.
_CHUNK_LINES = 32
_CHUNKS_AHEAD = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """A line as network input, with its labels.

    Attributes:
        strip: float32 [input_height_px, padded width, 1].
        labels: Labels of the text in the order of the ink, from 1.
        text: Ground-truth text.
        page_uri: Page image that the line is on.
    """

    strip: np.ndarray
    labels: list[int]
    text: str
    page_uri: str = ""


@dataclass(frozen=True, eq=False)
class SampleMaker:
    """Make training samples from lines.

    Attributes:
        charset: Charset that encodes the texts.
        preprocess: How a line strip becomes network input.
        preset: Preset of the network that is trained.
        augmentation: Augmentation of the lines.
        seed: Random numbers depend on it, on the line's name and on the turn, never on the
            order of the lines.
    """

    charset: Charset
    preprocess: PreprocessConfig
    preset: Preset
    augmentation: AugmentConfig = field(default_factory=AugmentConfig.none)
    seed: int = 0

    def is_learnable(self, example: LineExample) -> bool:
        """Whether CTC can learn the line: it has text, and enough time steps for it."""
        return self._has_room(example, self._labels(example))

    def make(self, example: LineExample, turn: int) -> Sample | None:
        """Return the sample of one draw of a line; None where CTC cannot learn the line."""
        labels = self._labels(example)
        if not self._has_room(example, labels):
            return None
        plain = scale_strip(decode_strip(example), self.preprocess)
        rng = np.random.default_rng([self.seed, turn, line_hash(example)])
        augmented = augment(plain, self.augmentation, rng)
        # Augmentation may make a line too narrow for its text.
        if not self._fits(labels, augmented.shape[1]):
            augmented = plain
        strip = pad_strip(augmented, self.preprocess)
        return Sample(strip, labels, example.text, example.page_uri)

    def _labels(self, example: LineExample) -> list[int]:
        return self.charset.encode(ink_order(example.text, example.direction))

    def _has_room(self, example: LineExample, labels: list[int]) -> bool:
        return self._fits(labels, input_width_px(example.width_px, self.preprocess))

    def _fits(self, labels: list[int], width_px: int) -> bool:
        return bool(labels) and self.preset.fits(labels, padded_width_px(width_px, self.preprocess))


def make_samples(
    draws: Iterable[Draw], maker: SampleMaker, processes: int = 0
) -> Iterator[Sample | None]:
    """Make the samples of an epoch, in the order of the draws for any number of processes.

    Args:
        draws: The draws of the epoch, as a stream.
        maker: Makes a sample of each draw.
        processes: Worker processes that decode and augment; 0 to do so in this process.

    Yields:
        The sample of each draw; None for a line that CTC cannot learn.
    """
    if not processes:
        for draw in draws:
            yield maker.make(*draw)
        return
    stream = iter(draws)
    chunks = iter(lambda: list(islice(stream, _CHUNK_LINES)), [])
    # A process that is forked while a network runs may hang: spawn instead.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting: deque = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_make_chunk, chunk, maker))
            if len(waiting) > processes * _CHUNKS_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _make_chunk(chunk: list[Draw], maker: SampleMaker) -> list[Sample | None]:
    cv2.setNumThreads(1)
    return [maker.make(*draw) for draw in chunk]
