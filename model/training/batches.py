"""Training batches: lines of one padded width, few tensor shapes, a reproducible order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from model.training.samples import Sample

# Labels are padded to a multiple of this, because JAX compiles the training step for each new
# shape.
_LABEL_STEP = 32
_T = TypeVar("_T")


@dataclass(frozen=True)
class BatchConfig:
    """How lines are grouped into batches.

    Attributes:
        width_px: Total padded width of the lines of a batch.
        shuffle_lines: Size of the shuffle buffer; large enough that draws of one line rarely
            share a batch.
        seed: Seed of the order of the lines.
    """

    width_px: int = 12_800
    shuffle_lines: int = 4_000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Batch:
    """Lines of one padded width.

    Attributes:
        strips: float32 [batch, input_height_px, width, 1].
        labels: int32 [batch, at least the longest label], padded with 0.
        texts: The ground-truth texts.
    """

    strips: np.ndarray
    labels: np.ndarray
    texts: tuple[str, ...]


def batch_lines(width_px: int, config: BatchConfig) -> int:
    """Return how many lines of a width make a batch; one number, so that each width has one shape.

    Example:
        >>> batch_lines(768, BatchConfig()), batch_lines(99_999, BatchConfig())
        (16, 1)
    """
    return max(1, config.width_px // width_px)


def shuffle_lines(lines: Iterable[_T], config: BatchConfig, epoch: int) -> Iterator[_T]:
    """Shuffle a stream of lines with a buffer of limited size.

    Args:
        lines: The lines, as a stream.
        config: Size of the buffer, and seed.
        epoch: Number of the epoch; each epoch has its own order.

    Yields:
        Every line once.

    Example:
        >>> sorted(shuffle_lines(range(9), BatchConfig(shuffle_lines=4), epoch=0))
        [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    rng = np.random.default_rng([config.seed, epoch])
    buffer: list[_T] = []
    for line in lines:
        if len(buffer) < config.shuffle_lines:
            buffer.append(line)
            continue
        place = int(rng.integers(len(buffer)))
        yield buffer[place]
        buffer[place] = line
    for place in rng.permutation(len(buffer)):
        yield buffer[place]


def make_batches(
    samples: Iterable[Sample], config: BatchConfig, mix_widths: bool = True
) -> Iterator[Batch]:
    """Group lines of equal padded width into batches.

    Args:
        samples: The samples, as a stream.
        config: Batch size.
        mix_widths: Whether lines that are left over at the end are padded to fill batches of
            the next width, so that at most one batch has an unusual shape; otherwise every
            line keeps its width.

    Yields:
        Batches; every sample is in exactly one.
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
    """Stack samples to one batch, padded to its widest sample and to at least `width_px`."""
    longest = max(1, *(len(sample.labels) for sample in samples))
    labels = np.zeros((len(samples), -(-longest // _LABEL_STEP) * _LABEL_STEP), np.int32)
    for row, sample in zip(labels, samples):
        row[: len(sample.labels)] = sample.labels
    width_px = max(width_px, *(sample.strip.shape[1] for sample in samples))
    strips = np.zeros((len(samples), samples[0].strip.shape[0], width_px, 1), np.float32)
    for strip, sample in zip(strips, samples):
        strip[:, : sample.strip.shape[1]] = sample.strip
    return Batch(strips, labels, tuple(sample.text for sample in samples))
