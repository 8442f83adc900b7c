"""From lines to training batches: whole widths, few shapes, an order that can be repeated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from model.training.samples import Sample

# Labels are padded to a multiple of this: JAX compiles the training step for each new shape.
_LABEL_STEP = 32
_T = TypeVar("_T")


@dataclass(frozen=True)
class BatchConfig:
    """How lines become batches.

    Attributes:
        width_px: Summed padded width that a batch aims at.
        shuffle_lines: Lines held in memory to draw from; those of one page should not meet.
        seed: Order of the lines.
    """

    width_px: int = 12_800
    shuffle_lines: int = 4_000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Batch:
    """Lines of one padded width.

    Attributes:
        strips: float32 [batch, input_height_px, width, 1].
        labels: int32 [batch, longest label and more], padded with 0.
        texts: The reference texts.
    """

    strips: np.ndarray
    labels: np.ndarray
    texts: tuple[str, ...]


def batch_lines(width_px: int, config: BatchConfig) -> int:
    """Tell how many lines of a width make a batch: always the same, so as to make one shape.

    Example:
        >>> batch_lines(768, BatchConfig()), batch_lines(99_999, BatchConfig())
        (16, 1)
    """
    return max(1, config.width_px // width_px)


def shuffle_lines(lines: Iterable[_T], config: BatchConfig, epoch: int) -> Iterator[_T]:
    """Draw lines at random from a window that moves over the stream.

    Args:
        lines: The stream.
        config: Size of the window, seed.
        epoch: Every epoch has an order of its own.

    Yields:
        Every line once.

    Example:
        >>> sorted(shuffle_lines(range(9), BatchConfig(shuffle_lines=4), epoch=0))
        [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    rng = np.random.default_rng([config.seed, epoch])
    window: list[_T] = []
    for line in lines:
        if len(window) < config.shuffle_lines:
            window.append(line)
            continue
        place = int(rng.integers(len(window)))
        yield window[place]
        window[place] = line
    for place in rng.permutation(len(window)):
        yield window[place]


def make_batches(
    samples: Iterable[Sample], config: BatchConfig, mix_widths: bool = True
) -> Iterator[Batch]:
    """Gather lines of equal padded width until they fill a batch.

    Args:
        samples: Lines, as a stream.
        config: Batch size.
        mix_widths: Whether what is left at the end fills up batches of the next width, so
            that hardly any batch has a shape of its own; else every line keeps its width.

    Yields:
        Batches; every sample is in one.
    """
    waiting: dict[int, list[Sample]] = {}
    for sample in samples:
        width_px = sample.strip.shape[1]
        group = waiting.setdefault(width_px, [])
        group.append(sample)
        if len(group) == batch_lines(width_px, config):
            yield stack_samples(waiting.pop(width_px))
    if not mix_widths:
        yield from (stack_samples(waiting[width_px]) for width_px in sorted(waiting))
        return
    rest: list[Sample] = []
    for width_px in sorted(waiting):
        rest = [*rest, *waiting[width_px]]
        size = batch_lines(width_px, config)
        while len(rest) >= size:
            yield stack_samples(rest[:size], width_px)
            rest = rest[size:]
    if rest:
        yield stack_samples(rest)


def stack_samples(samples: Sequence[Sample], width_px: int = 0) -> Batch:
    """Make one batch, as wide as its widest sample or as told."""
    longest = max(1, *(len(sample.labels) for sample in samples))
    labels = np.zeros((len(samples), -(-longest // _LABEL_STEP) * _LABEL_STEP), np.int32)
    for row, sample in zip(labels, samples):
        row[: len(sample.labels)] = sample.labels
    width_px = max(width_px, *(sample.strip.shape[1] for sample in samples))
    strips = np.zeros((len(samples), samples[0].strip.shape[0], width_px, 1), np.float32)
    for strip, sample in zip(strips, samples):
        strip[:, : sample.strip.shape[1]] = sample.strip
    return Batch(strips, labels, tuple(sample.text for sample in samples))
