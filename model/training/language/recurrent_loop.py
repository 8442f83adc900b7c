"""The training loop of the recurrent language model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from model.language.ngram_model import LINE_END
from model.text.bidi import ink_order
from model.text.charset import Charset, normalise_text
from model.training.networks.recurrent_language import build_language_network
from model.training.optimisation.optimizer import build_optimizer, train_on_batch
from model.training.optimisation.schedule import learning_rate_at
from model.training.optimisation.weights import averaged_weights

# Longer lines, such as those of texts without line breaks, are split.
_MOST_CHARACTERS_A_LINE = 200
# Lines are padded to a multiple of this, because backends compile the step for each new shape.
_TIME_STEP = 16
# Batches have lines of similar length; random jitter of this many characters varies them.
_LENGTH_JITTER = 6.0
# Label of what the loss ignores: padding, and characters outside the charset.
_IGNORED = -1


@dataclass(frozen=True)
class RecurrentConfig:
    """The configuration of the training of a recurrent language model.

    Attributes:
        epochs: Passes over the texts.
        most_characters: Limit on the characters of all passes; long texts get fewer passes.
        batch_lines: Lines in a batch.
        learning_rate: Peak learning rate of the schedule.
        dropout: Dropout rate of the LSTM states.
        hidden_share: Share of the input characters that are hidden, so that the network learns
            to use longer contexts.
        weight_decay: Weight decay of AdamW, applied to matrices only.
        clip_norm: Global norm that gradients are clipped to.
        averaged_share: Share of the run that the moving average of the weights covers.
        policy: Keras dtype policy; weights are always float32.
        seed: Seed of weights, dropout and the order of lines.
    """

    epochs: int
    most_characters: int = 20_000_000
    batch_lines: int = 32
    learning_rate: float = 3e-3
    dropout: float = 0.4
    hidden_share: float = 0.1
    weight_decay: float = 1e-2
    clip_norm: float = 1.0
    averaged_share: float = 0.01
    policy: str = "float32"
    seed: int = 0


def train_language_network(
    texts: Iterable[str],
    charset: Charset,
    config: RecurrentConfig,
    report: Callable[[str], None],
) -> keras.Model:
    """Train a recurrent language model.

    Args:
        texts: Lines of text to train on.
        charset: Charset of the recogniser.
        config: Configuration of the training.
        report: Is given a progress line for each pass.

    Returns:
        The trained network from `build_language_network`, with averaged weights.

    Raises:
        ValueError: If there is no text.
    """
    lines = [part for text in texts for part in _encode(text, charset)]
    if not lines:
        raise ValueError("no text to train on; ingest more pages")
    keras.utils.set_random_seed(config.seed)
    model = build_language_network(charset.class_count, config.dropout, config.policy, config.seed)
    _train(model, lines, config, report)
    with averaged_weights(model):
        weights = model.get_weights()
    model.set_weights(weights)
    return model


def _train(
    model: keras.Model,
    lines: Sequence[np.ndarray],
    config: RecurrentConfig,
    report: Callable[[str], None],
) -> None:
    batches_per_pass = math.ceil(len(lines) / config.batch_lines)
    passes = min(config.epochs, config.most_characters / sum(map(len, lines)))
    step_count = max(1, round(passes * batches_per_pass))
    compile_network(model, config, step_count)
    started, loss_sum = time.monotonic(), 0.0
    for step, (before, after) in zip(range(step_count), _batches(lines, config)):
        model.optimizer.learning_rate = learning_rate_at(step / step_count, config.learning_rate)
        loss_sum += train_on_batch(model, before, after)
        if (step + 1) % batches_per_pass == 0 or step + 1 == step_count:
            seen = step % batches_per_pass + 1
            report(
                f"recurrent language model, {step + 1} of {step_count} steps: training perplexity "
                f"{math.exp(loss_sum / seen):.2f}, {time.monotonic() - started:.0f} s"
            )
            loss_sum = 0.0


def _encode(text: str, charset: Charset) -> Iterator[np.ndarray]:
    """Yield the labels of a line, split if it is long; `_IGNORED` for characters without label."""
    ink = ink_order(normalise_text(text))
    labels = [charset.labels.get(character, _IGNORED) for character in ink]
    for start in range(0, len(labels), _MOST_CHARACTERS_A_LINE):
        yield np.array(labels[start : start + _MOST_CHARACTERS_A_LINE], np.int32)


def _batches(
    lines: Sequence[np.ndarray], config: RecurrentConfig
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches without end, each line once per pass."""
    rng = np.random.default_rng(config.seed)
    lengths = np.array([len(line) for line in lines])
    while True:
        order = np.argsort(lengths + rng.uniform(0, _LENGTH_JITTER, len(lines)), kind="stable")
        starts = np.arange(0, len(lines), config.batch_lines)
        for start in rng.permutation(starts):
            drawn = [lines[i] for i in order[start : start + config.batch_lines]]
            yield pad_texts(drawn, rng, config.hidden_share)


def pad_texts(
    lines: Sequence[np.ndarray], rng: np.random.Generator, hidden_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pad lines to a batch.

    Args:
        lines: Labels from 1; `_IGNORED` for a character that has none.
        rng: Chooses the characters that are hidden.
        hidden_share: Share of the input characters that are replaced by line ends.

    Returns:
        Input labels and target labels, int32 [line, time]; each input starts with a line end,
        and each target ends with one.
    """
    length = max(len(line) for line in lines) + 1
    length = math.ceil(length / _TIME_STEP) * _TIME_STEP
    before = np.full((len(lines), length), LINE_END, np.int32)
    after = np.full((len(lines), length), _IGNORED, np.int32)
    for row, line in enumerate(lines):
        before[row, 1 : len(line) + 1] = np.where(line == _IGNORED, LINE_END, line)
        after[row, : len(line)] = line
        after[row, len(line)] = LINE_END
    before[rng.random(before.shape) < hidden_share] = LINE_END
    return before, after


def compile_network(model: keras.Model, config: RecurrentConfig, step_count: int) -> None:
    """Compile the network with its optimizer and its loss.

    Args:
        model: Network from `build_language_network`.
        config: Configuration of the training.
        step_count: Number of steps of the whole run.
    """
    model.compile(
        optimizer=build_optimizer(model, config, step_count, beta_2=0.99),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=_IGNORED),
        jit_compile=False,
    )
