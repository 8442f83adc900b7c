"""Lines as the network sees them: read, decoded, augmented; on several processes if told."""

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
from model.text.charset import Charset
from model.training.balance import Draw, name_number
from schemas.records import LineExample

# Lines that a process is given at a time, and such portions that wait for each.
_PORTION_LINES = 32
_PORTIONS_AHEAD = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """A line as the network sees it.

    Attributes:
        strip: float32 [input_height_px, padded width, 1].
        labels: Labels from 1.
        text: The text of the labels.
        page_uri: Page that the line is on.
    """

    strip: np.ndarray
    labels: list[int]
    text: str
    page_uri: str = ""


@dataclass(frozen=True, eq=False)
class SampleMaker:
    """All that turns a line into a training sample.

    Attributes:
        charset: Encodes the texts.
        preprocess: How a strip becomes network input.
        preset: The network that is to learn it.
        augmentation: What may happen to a line.
        seed: Chance is drawn from it, the turn and the line's name: never from the order.
    """

    charset: Charset
    preprocess: PreprocessConfig
    preset: Preset
    augmentation: AugmentConfig = field(default_factory=AugmentConfig.none)
    seed: int = 0

    def learnable(self, example: LineExample) -> bool:
        """Tell whether CTC can learn the line: it has text, and time steps for it."""
        return self._is_learnable(example, self.charset.encode(example.text))

    def make(self, example: LineExample, turn: int) -> Sample | None:
        """Make the sample of one draw; None where CTC cannot learn the line."""
        labels = self.charset.encode(example.text)
        if not self._is_learnable(example, labels):
            return None
        plain = scale_strip(decode_strip(example), self.preprocess)
        rng = np.random.default_rng([self.seed, turn, name_number(example)])
        changed = augment(plain, self.augmentation, rng)
        if not self._fits(labels, changed.shape[1]):
            changed = plain
        strip = pad_strip(changed, self.preprocess)
        return Sample(strip, labels, example.text, example.page_uri)

    def _is_learnable(self, example: LineExample, labels: list[int]) -> bool:
        return self._fits(labels, input_width_px(example.width_px, self.preprocess))

    def _fits(self, labels: list[int], width_px: int) -> bool:
        return bool(labels) and self.preset.fits(labels, padded_width_px(width_px, self.preprocess))


def make_samples(
    draws: Iterable[Draw], maker: SampleMaker, processes: int = 0
) -> Iterator[Sample | None]:
    """Make the samples of an epoch, in the order of the draws whatever the processes.

    Args:
        draws: The lines that come up, as a stream.
        maker: Turns one into a sample.
        processes: That decode and augment; 0 for this one.

    Yields:
        A sample for each draw; None for a line that cannot be learnt.
    """
    if not processes:
        for draw in draws:
            yield maker.make(*draw)
        return
    stream = iter(draws)
    portions = iter(lambda: list(islice(stream, _PORTION_LINES)), [])
    # spawn: a process that was forked from a running network may hang.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting: deque = deque()
        for portion in portions:
            waiting.append(pool.submit(_make_portion, portion, maker))
            if len(waiting) > processes * _PORTIONS_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _make_portion(portion: list[Draw], maker: SampleMaker) -> list[Sample | None]:
    cv2.setNumThreads(1)
    return [maker.make(*draw) for draw in portion]
