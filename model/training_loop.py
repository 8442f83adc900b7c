"""The training loop: any Keras backend, batches streamed from TFRecords."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import keras

from model.batches import BatchConfig, Sample, make_batches, read_examples, to_sample, trainable
from model.charset import Charset
from model.ctc import decode_greedy
from model.losses import ctc_loss
from model.metrics import ErrorCount, error_rates
from model.network import build_crnn, without_auxiliary
from model.preprocess import PreprocessConfig
from model.presets import preset_named
from model.schedule import learning_rate_at

_AUXILIARY_WEIGHT = 0.3


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run but the data.

    Attributes:
        preset: Name of the network's size.
        epochs: Passes over the training lines.
        learning_rate: Peak of the schedule.
        weight_decay: Of AdamW, on matrices only.
        clip_norm: Longest gradient.
        seed: Of weights, dropout and order.
        batch: How lines become batches.
    """

    preset: str = "fast"
    epochs: int = 20
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    clip_norm: float = 2.0
    seed: int = 0
    batch: BatchConfig = field(default_factory=BatchConfig)


@dataclass(frozen=True)
class EpochResult:
    """How the network stood after one epoch.

    Attributes:
        epoch: From 1.
        loss: Mean training loss.
        characters: Character errors on the eval split, greedy.
        words: Word errors on the eval split, greedy.
        lines_per_second: Training speed.
    """

    epoch: int
    loss: float
    characters: ErrorCount
    words: ErrorCount
    lines_per_second: float

    def __str__(self):
        return (
            f"epoch {self.epoch}: loss {self.loss:.3f}, eval CER {self.characters.rate:.2%}, "
            f"WER {self.words.rate:.2%}, {self.lines_per_second:.0f} lines/s"
        )


@dataclass(frozen=True, eq=False)
class LineFiles:
    """The TFRecords of a split, read anew at each pass.

    Attributes:
        paths: The files.
        charset: Characters to encode with.
        preprocess: How a strip becomes input.
        batch: How lines become batches.
    """

    paths: tuple[str, ...]
    charset: Charset
    preprocess: PreprocessConfig
    batch: BatchConfig

    def samples(self, labelled: bool) -> Iterator[Sample]:
        """Stream the lines; with labels only if their text is to be learnt."""
        charset = self.charset if labelled else None
        for example in read_examples(self.paths):
            yield to_sample(example, self.preprocess, charset)


def compile_crnn(model: keras.Model, config: TrainingConfig) -> None:
    """Give the network its optimizer and its two CTC losses."""
    optimizer = keras.optimizers.AdamW(
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        beta_1=0.9,
        beta_2=0.99,
        global_clipnorm=config.clip_norm,
    )
    optimizer.exclude_from_weight_decay(
        var_list=[v for v in model.trainable_variables if len(v.shape) < 2]
    )
    # Widths differ from batch to batch: compiling each with XLA costs more than it gives.
    model.compile(
        optimizer=optimizer,
        loss=[ctc_loss, ctc_loss],
        loss_weights=[1.0, _AUXILIARY_WEIGHT],
        jit_compile=False,
    )


def measure(reader: keras.Model, lines: LineFiles) -> tuple[ErrorCount, ErrorCount]:
    """Read a split greedily and count its errors.

    Args:
        reader: What `without_auxiliary` gave.
        lines: The split.

    Returns:
        Character errors and word errors.
    """
    pairs = []
    for batch in make_batches(lines.samples(labelled=False), lines.batch):
        for text, logits in zip(batch.texts, reader.predict_on_batch(batch.strips)):
            pairs.append((text, decode_greedy(logits, lines.charset)[0]))
    return error_rates(pairs)


def train_crnn(
    config: TrainingConfig,
    train: LineFiles,
    evaluation: LineFiles,
    report: Callable[[str], None],
) -> tuple[keras.Model, list[EpochResult]]:
    """Train a recogniser and keep its best epoch.

    Args:
        config: The run.
        train: Lines to learn from.
        evaluation: Lines to judge each epoch by.
        report: Takes each line of progress.

    Returns:
        The model with the weights of its best epoch, and the course of the run.

    Raises:
        ValueError: If a split has no line that can be used.
    """
    preset = preset_named(config.preset)
    line_count, skipped = _count_lines(train, preset)
    report(f"{line_count} lines to train on, {skipped} left out (too narrow for their text)")
    if not line_count:
        raise ValueError("split train has no line to learn from; ingest more pages")
    keras.utils.set_random_seed(config.seed)
    model = build_crnn(preset, train.charset.class_count)
    compile_crnn(model, config)
    reader = without_auxiliary(model)
    course: list[EpochResult] = []
    best = model.get_weights()
    for epoch in range(config.epochs):
        loss, lines_per_second = _run_epoch(model, config, train, epoch, line_count)
        errors = measure(reader, evaluation)
        course.append(EpochResult(epoch + 1, loss, *errors, lines_per_second))
        report(str(course[-1]))
        if not course[-1].characters.length:
            raise ValueError("split eval has no text; raise --eval_fraction and ingest again")
        if course[-1] is min(course, key=lambda result: result.characters.rate):
            best = model.get_weights()
    model.set_weights(best)
    return model, course


def _count_lines(lines: LineFiles, preset) -> tuple[int, int]:
    usable = [trainable(sample, preset) for sample in lines.samples(labelled=True)]
    return sum(usable), len(usable) - sum(usable)


def _run_epoch(model, config, train, epoch: int, line_count: int) -> tuple[float, float]:
    """Pass once over the training lines; give the mean loss and the lines a second."""
    preset = preset_named(config.preset)
    started = time.monotonic()
    seen, loss_sum = 0, 0.0
    samples = (sample for sample in train.samples(labelled=True) if trainable(sample, preset))
    for batch in make_batches(samples, train.batch, epoch):
        progress = (epoch + seen / line_count) / config.epochs
        model.optimizer.learning_rate = learning_rate_at(progress, config.learning_rate)
        model.reset_metrics()
        loss = model.train_on_batch(batch.strips, [batch.labels, batch.labels], return_dict=True)
        loss_sum += float(loss["loss"]) * len(batch.texts)
        seen += len(batch.texts)
    return loss_sum / seen, seen / (time.monotonic() - started)
