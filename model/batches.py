"""From TFRecords to training batches: any backend, flat memory, no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from model.charset import Charset
from model.ctc import fits_time_steps
from model.preprocess import PreprocessConfig, prepare_strip
from model.presets import Preset
from model.tfrecord import read_records
from schemas.features import decode_line
from schemas.records import LineExample

# Labels are padded to a multiple of this: JAX compiles the training step for each new shape.
_LABEL_STEP = 32


@dataclass(frozen=True)
class BatchConfig:
    """How lines become batches.

    Attributes:
        width_px: Summed padded width that a batch aims at.
        chunk_lines: Lines held in memory and sorted by width at a time.
        seed: Order of files, chunks and batches.
    """

    width_px: int = 12_800
    chunk_lines: int = 1_000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Sample:
    """A line as the network sees it.

    Attributes:
        strip: float32 [input_height_px, padded width, 1].
        labels: Labels from 1.
        text: The text of the labels.
    """

    strip: np.ndarray
    labels: list[int]
    text: str


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


def read_examples(paths: Iterable[str]) -> Iterator[LineExample]:
    """Read every line of some TFRecord files, in the order of the files."""
    for path in paths:
        for record in read_records(path):
            yield decode_line(record)


def to_sample(
    example: LineExample, config: PreprocessConfig, charset: Charset | None = None
) -> Sample:
    """Decode a line and bring it to the network's form.

    Args:
        example: The line.
        config: How a strip becomes network input.
        charset: Encodes the text; without one the sample has no labels, as for lines
            that are only read, whose text may hold characters never trained.

    Raises:
        ValueError: If the image is not a PNG or a character is not in the charset.
    """
    strip = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_GRAYSCALE)
    if strip is None:
        raise ValueError(f"{example.page_uri} {example.line_id}: line image does not decode")
    labels = charset.encode(example.text) if charset else []
    return Sample(prepare_strip(strip, config), labels, example.text)


def trainable(sample: Sample, preset: Preset) -> bool:
    """Tell whether CTC can learn the line: it has text, and time steps for it."""
    steps = sample.strip.shape[1] // preset.step_px
    return bool(sample.labels) and fits_time_steps(sample.labels, steps)


def make_batches(
    samples: Iterable[Sample], config: BatchConfig, epoch: int | None = None
) -> Iterator[Batch]:
    """Gather lines of equal padded width, a chunk of lines at a time.

    Args:
        samples: Lines, as a stream.
        config: Batch size, chunk size, seed.
        epoch: Shuffles the batches of a chunk, anew each epoch; None keeps them
            in order of width.

    Yields:
        Batches; every sample is in one.
    """
    stream = iter(samples)
    chunk_index = 0
    while chunk := list(islice(stream, config.chunk_lines)):
        groups = _equal_widths(chunk, config.width_px)
        if epoch is not None:
            order = np.random.default_rng([config.seed, epoch, chunk_index]).permutation(
                len(groups)
            )
            groups = [groups[i] for i in order]
        yield from map(stack_samples, groups)
        chunk_index += 1


def _equal_widths(chunk: list[Sample], width_px: int) -> list[list[Sample]]:
    groups: list[list[Sample]] = []
    for sample in sorted(chunk, key=lambda s: s.strip.shape[1]):
        width = sample.strip.shape[1]
        full = not groups or groups[-1][0].strip.shape[1] != width
        if full or width * len(groups[-1]) >= width_px:
            groups.append([])
        groups[-1].append(sample)
    return groups


def stack_samples(samples: Sequence[Sample]) -> Batch:
    """Make one batch of samples that have one width."""
    longest = max(1, *(len(sample.labels) for sample in samples))
    labels = np.zeros((len(samples), -(-longest // _LABEL_STEP) * _LABEL_STEP), np.int32)
    for row, sample in zip(labels, samples):
        row[: len(sample.labels)] = sample.labels
    strips = np.stack([sample.strip for sample in samples])
    return Batch(strips, labels, tuple(sample.text for sample in samples))
